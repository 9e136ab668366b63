"""Our own server, as in production: on a scratch database, signed in."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from audit_cost import SECRET
from harness.servers import free_port, running

PASSWORD = "a password for this benchmark"  # noqa: S105  of a server that lives for minutes
PROGRAM = [sys.executable, "-m", "opsroom"]
UNRECORDED = {
    "postgresql": "ALTER TABLE stores DISABLE TRIGGER audit_create",
    "sqlite": "DROP TRIGGER IF EXISTS audit_stores_create",
}
MANY = {
    "postgresql": (
        'INSERT INTO stores (id, external_id, site, name, zone, "group") SELECT uuidv7(), '
        "'store-' || lpad(n::text, 8, '0'), nextval('stores_site_seq'), 'Store number ' || n, 'Europe/Rome', "
        "'g' || n % 10 FROM generate_series({first}, {count}) n"
    ),
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) "
        'INSERT INTO stores (id, external_id, site, name, zone, "group") SELECT '
        "printf('%012x', 1760000000000 + n) || '7' || substr(lower(hex(randomblob(8))), 1, 3) || '8' "
        "|| substr(lower(hex(randomblob(8))), 1, 15), printf('store-%08d', n), n, 'Store number ' || n, "
        "'Europe/Rome', 'g' || (n % 10) FROM numbers"
    ),
}


@dataclass(slots=True)
class Ours:
    port: int
    pid: int
    token: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def sign_in(self) -> None:
        form = urllib.parse.urlencode({"username": "admin", "password": PASSWORD}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/auth/token", form, timeout=60) as answer:
            self.token = json.loads(answer.read())["access_token"]

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body, self.headers | {"Content-Type": kind}, method=method
        )
        with urllib.request.urlopen(request, timeout=3600) as answer:  # noqa: S310  as above
            return json.loads(answer.read())


def prepare(url: str, folder: Path, *, jobs: bool = False) -> dict[str, str]:
    """Migrate and seed; the settings of a server on it. Without `jobs` it leaves those to workers, as in production."""
    folder.mkdir(exist_ok=True)
    settings = {
        "OPSROOM_ENVIRONMENT": "production", "OPSROOM_DATABASE_URL": url, "OPSROOM_SECRET_KEY": SECRET,
        "OPSROOM_DATA_DIR": str(folder), "OPSROOM_SERVE_JOBS": str(jobs).lower(), "OPSROOM_ADMIN_PASSWORD": PASSWORD,
        "OPSROOM_RATE_LIMIT": "99999999/minute", "OPSROOM_ADDRESS_RATE_LIMIT": "99999999/minute",
    }  # fmt: skip
    for step in (["db", "migrate"], ["db", "seed"]):
        subprocess.run([*PROGRAM, *step], check=True, env=os.environ | settings, stdout=subprocess.DEVNULL)
    return settings


@contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[Ours]:
    port = free_port()
    log = Path(settings["OPSROOM_DATA_DIR"]) / "server.log"
    with running([*PROGRAM, "serve"], port, {**settings, "OPSROOM_PORT": str(port)}, log) as pid:
        ours = Ours(port, pid)
        ours.sign_in()
        yield ours


@contextmanager
def scratch(engine: str, server: str, folder: Path, name: str) -> Iterator[str]:
    """The URL of a new database."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/{name}.db"
        return
    database = f"opsroom_benchmark_{uuid.uuid4().hex[:8]}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {database}"))
    try:
        yield make_url(server).set(database=database).render_as_string(hide_password=False)
    finally:
        asyncio.run(run_sql(server, f"DROP DATABASE {database} WITH (FORCE)"))


def driver_url(url: str) -> str:
    parsed = make_url(url)
    driver = "sqlite+aiosqlite" if parsed.get_backend_name() == "sqlite" else "postgresql+asyncpg"
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


async def run_sql(url: str, *statements: str) -> None:
    engine = create_async_engine(driver_url(url), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


def many_stores(url: str, count: int, there: int = 0) -> None:
    """As many stores, of which some are there; past the trigger that would record what nobody looks at here."""
    engine = make_url(url).get_backend_name()
    asyncio.run(run_sql(url, UNRECORDED[engine], MANY[engine].format(first=there + 1, count=count), "ANALYZE stores"))


def tell(engine: str, rows: int, what: str, seconds: float, memory: int) -> None:
    """A line about a million rows, or some."""
    told = f"{seconds:6.1f} s, {rows / seconds:,.0f} rows/s, peak {memory / (1 << 20):.0f} MB"
    print(f"{engine:11}{rows:10,} rows {what}: {told}", flush=True)
