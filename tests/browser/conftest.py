"""A real server in a process of its own, and a real browser in front of it.

    async def test_…(open_page: OpenPage) -> None:
        page = await open_page("/console/stores", theme="dark", width=360)

`open_page(path, person="admin", theme="light", width=1280, zone="Africa/Nairobi", scripts=True)` gives a Playwright
page of a fresh profile in which `person` ("admin", "user" or None) is signed in. When the test ends it fails on any
script error, content policy violation, failed request, or request to another host. Beside the installed apps the
server runs `stage/stage_app`, whose report `stage.gated` waits until the fixture `gate` is opened (`gate.open()`).

All tests share one event loop, because the browser does; each file begins with `pytestmark = BROWSER`.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    async_playwright,
    expect,
)
from tests.conftest import run_sql, with_name

STAGE = Path(__file__).parent / "stage"
PASSWORDS = {"admin": "a password for tests only", "user": "another one for tests"}
INSTALL = "install Chromium (apt-get install chromium) or name it in OPSROOM_TEST_CHROMIUM"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A loaded machine is slow; what never comes is still missed.
PATIENCE = 30_000  # milliseconds
READY = re.compile(r"Uvicorn running on (http://[0-9.:]+)")

HOURS = "store_id,day,start_time_local,end_time_local\n" + "".join(f"s-1,{day},09:00:00,21:00:00\n" for day in range(7))
ZONES = "store_id,timezone_str\ns-1,America/New_York\ns-2,Africa/Nairobi\n"
# s-1 on Tuesday 27 October 2026, open 13:00 to 01:00 UTC: up at 14:00, down at 15:00, up again at 17:00.
POLLS = """store_id,timestamp_utc,status
s-1,2026-10-27 14:00:00 UTC,active
s-1,2026-10-27 15:00:00 UTC,inactive
s-1,2026-10-27 17:00:00 UTC,active
s-1,2026-10-27 18:00:00 UTC,active
s-2,2026-10-27 18:00:00 UTC,active
s-2,yesterday,active
"""

BROWSER = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SignedIn = dict[str, StorageState]
OpenPage = Callable[..., Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class House:
    url: str
    data_dir: Path

    def run(self, *command: str) -> str:
        """What `opsroom COMMAND …` prints for this house."""
        environment = {
            **os.environ,
            "OPSROOM_DATA_DIR": str(self.data_dir),
            "OPSROOM_PORT": self.url.rpartition(":")[2],
        }
        done = subprocess.run(
            [sys.executable, "-m", "opsroom", *command], env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    found = os.environ.get("OPSROOM_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI"):
        pytest.fail(f"no browser: {INSTALL}")
    if found is None:
        pytest.skip(INSTALL)
    return found


@pytest.fixture(scope="session")
def house(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The server on the embedded database. Asks for the browser first, to start nothing that nobody looks at."""
    yield from _serving(tmp_path_factory.mktemp("house"), {})


@pytest.fixture(scope="session")
def house_on_postgresql(
    chromium_path: str, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    name = f"opsroom_browser_{uuid.uuid4().hex[:12]}"
    asyncio.run(run_sql(postgres_url, f"CREATE DATABASE {name}"))
    yield from _serving(tmp_path_factory.mktemp("house"), {"OPSROOM_DATABASE_URL": with_name(postgres_url, name)})
    asyncio.run(run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def gate(house: House) -> Iterator["Gate"]:
    """Shut, and opened at the end, so that no job stays behind."""
    gate = Gate(house.data_dir / "gate")
    gate.shut()
    yield gate
    gate.open()


class Gate:
    """A file that lets the report `stage.gated` go on while it is there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> None:
        self._path.touch()

    def shut(self) -> None:
        self._path.unlink(missing_ok=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    """One process with a new profile folder, which goes with it."""
    async with async_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def signed_in() -> SignedIn:
    """What a browser keeps of each person's sign-in, so that not every test pays for a password's hash."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser, house: House, signed_in: SignedIn) -> AsyncIterator[OpenPage]:
    visits = Visits(chromium, house.url, signed_in)
    yield visits.open
    await visits.end()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page_on_postgresql(chromium: Browser, house_on_postgresql: House) -> AsyncIterator[OpenPage]:
    visits = Visits(chromium, house_on_postgresql.url, {})
    yield visits.open
    await visits.end()


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, text in (("store_status.csv", POLLS), ("menu_hours.csv", HOURS), ("timezones.csv", ZONES)):
        (folder / name).write_text(text)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def imported(open_page: OpenPage, files: Path) -> None:
    """The three files, handed in through the form once for all tests of this file."""
    page = await open_page("/console/stores/imports")
    if await page.get_by_text("store_status.csv").count():
        return
    await page.get_by_label("Polls").set_input_files(files / "store_status.csv")
    await page.get_by_label("Business hours").set_input_files(files / "menu_hours.csv")
    await page.get_by_label("Time zones").set_input_files(files / "timezones.csv")
    await page.get_by_role("button", name="Import").click()
    await expect(page.locator("#imports .badge-up")).to_have_count(3)


class Visits:
    """The pages that one test opens, and what went wrong on them."""

    def __init__(self, browser: Browser, url: str, signed_in: SignedIn) -> None:
        self._browser = browser
        self._url = url
        self._signed_in = signed_in
        self._contexts: list[BrowserContext] = []
        self._problems: list[str] = []

    async def open(
        self,
        path: str,
        *,
        person: str | None = "admin",
        theme: Literal["light", "dark"] = "light",
        width: int = 1280,
        zone: str = "Africa/Nairobi",
        scripts: bool = True,
    ) -> Page:
        context = await self._browser.new_context(
            base_url=self._url,
            viewport={"width": width, "height": 740 if width < 500 else 900},
            color_scheme=theme,
            timezone_id=zone,
            java_script_enabled=scripts,
            storage_state=await self._state_of(person) if person else None,
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._problems.append(f"script error: {error}"))
        page.on("request", self._asked)
        await page.goto(path)
        return page

    async def end(self) -> None:
        for context in self._contexts:
            await context.close()
        assert not self._problems

    async def _state_of(self, person: str) -> StorageState:
        if person not in self._signed_in:
            context = await self._browser.new_context(base_url=self._url)
            form: dict[str, str | float | bool] = {"username": person, "password": PASSWORDS[person]}
            await context.request.post("/console/sign-in", form=form)
            self._signed_in[person] = await context.storage_state()
            await context.close()
        return self._signed_in[person]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _is_own_answer(message.text):
            self._problems.append(f"{message.type} in the console: {message.text}")

    def _asked(self, request: Request) -> None:
        if request.url.startswith("http") and not request.url.startswith(self._url):
            self._problems.append(f"request to another host: {request.url}")


def _is_own_answer(text: str) -> bool:
    """Chromium logs every refusal it gets as an error; tests look at those themselves."""
    return text.startswith("Failed to load resource: the server responded")


def _serving(data_dir: Path, more: dict[str, str]) -> Iterator[House]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(STAGE), os.environ.get("PYTHONPATH", "")]),
        "OPSROOM_ENVIRONMENT": "test",
        "OPSROOM_DATA_DIR": str(data_dir),
        "OPSROOM_PORT": "0",
        "OPSROOM_ADMIN_PASSWORD": PASSWORDS["admin"],
        "OPSROOM_USER_PASSWORD": PASSWORDS["user"],
        **more,
    }
    opsroom = [sys.executable, "-m", "opsroom"]
    for command in ("migrate", "seed"):
        done = subprocess.run([*opsroom, "db", command], check=False, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    with subprocess.Popen(
        [*opsroom, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        output = ServerOutput(server)
        try:
            yield House(output.url(), data_dir)
        finally:
            server.terminate()
            output.read_to_the_end()


class ServerOutput:
    """What the server prints, read to the end so that it never waits for a reader."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server
        self._lines: list[str] = []
        self._found = ""
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def url(self) -> str:
        """Where it listens; waits until it says so."""
        assert self._ready.wait(60), "".join(self._lines)
        assert self._found, "".join(self._lines)
        return self._found

    def read_to_the_end(self) -> None:
        self._reader.join()

    def _read(self) -> None:
        for line in self._server.stdout or ():
            self._lines.append(line)
            if not self._found and (match := READY.search(line)):
                self._found = match[1]
                self._ready.set()
        self._ready.set()
