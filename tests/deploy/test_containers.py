"""The files for containers say what they must, and each command in them works, outside a container too."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.deploy.dockerfile import stages_of
from tests.redis_server import free_port, running_redis
from tests.torture.programs import LONGEST, until

ROOT = Path(__file__).parents[2]
BUILD, FINAL = stages_of(ROOT / "Dockerfile")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "server", "worker")
SECRETS = ("POSTGRES_PASSWORD", "OPSROOM_SECRET_KEY")
NEEDED = re.compile(r"\$\{(\w+):\?[^}]*\}")
DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")


def test_the_linter_finds_nothing() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_built_from_the_lock_and_runs_as_nobody_in_particular() -> None:
    assert len({BUILD.base, FINAL.base}) == 1
    assert ":latest" not in BUILD.base
    assert ":" in BUILD.base
    installs = [rest for rest in BUILD.all("RUN") if "pip install" in rest]
    assert ["--require-hashes" in rest or "--no-deps" in rest for rest in installs] == [True, True]
    user, _, group = FINAL.all("USER")[-1].partition(":")
    assert int(user) > 0 < int(group)
    assert FINAL.environment["OPSROOM_ENVIRONMENT"] == "production"


def test_no_secret_is_in_the_image() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert not re.search(r"(PASSWORD|SECRET|_KEY|TOKEN)", text)
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in patterns if line and not line.startswith("#")]
    assert rules[0] == "*", "everything stays outside but what is named"
    named = {line[1:] for line in rules if line.startswith("!")}
    copied = {word for rest in BUILD.all("COPY") for word in rest.split()[:-1]}
    assert copied == named


def test_every_service_is_healthy_before_what_needs_it_starts() -> None:
    assert set(SERVICES) == {*OURS, "postgres", "redis"}
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            has_check = "healthcheck" in SERVICES[needed] or needed == "server"
            assert how["condition"] == ("service_healthy" if has_check and needed != "migrate" else ENDS), name
    assert SERVICES["server"]["depends_on"].keys() == {"migrate", "redis"}
    assert SERVICES["worker"]["depends_on"].keys() == {"migrate"}
    assert SERVICES["migrate"]["depends_on"].keys() == {"postgres"}


ENDS = "service_completed_successfully"


def test_secrets_have_no_default_and_nothing_but_the_server_is_reached_from_outside() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert set(NEEDED.findall(text)) == set(SECRETS)
    assert not {name for name, _ in DEFAULT.findall(text)} & set(SECRETS)
    passwords = [value for service in SERVICES.values() for value in secret_values(service)]
    assert passwords
    assert all("${" in value for value in passwords)
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"server"}
    assert SERVICES["server"]["ports"] == ["127.0.0.1:8000:8000"]


def secret_values(service: dict[str, Any]) -> list[str]:
    words = ("PASSWORD", "SECRET", "DATABASE_URL")
    return [value for name, value in service.get("environment", {}).items() if any(word in name for word in words)]


def test_what_is_kept_is_on_volumes() -> None:
    kept = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert kept == COMPOSE["volumes"].keys() == {"data", "postgres"}
    assert SERVICES["server"]["volumes"] == SERVICES["worker"]["volumes"] == [f"data:{FINAL.all('VOLUME')[-1]}"]
    assert FINAL.environment["OPSROOM_DATA_DIR"] == FINAL.all("VOLUME")[-1]


class Installed:
    """What the first stage makes, in a folder; the commands of the second stage and of the services run from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources = folder / "build"
        self.environment: dict[str, str] = {}
        self._running = ExitStack()

    def build(self) -> None:
        """Every instruction of the first stage, with its paths in the folder."""
        self.sources.mkdir()
        for name, rest in BUILD.instructions:
            if name == "COPY":
                for word in rest.split()[:-1]:
                    whole = (ROOT / word).is_dir()
                    copy = shutil.copytree if whole else shutil.copy
                    copy(ROOT / word, self.sources / word)
            elif name == "RUN":
                self._shell(rest)

    def _shell(self, line: str) -> None:
        line = line.replace("/opt/opsroom", str(self.folder / "opsroom"))
        line = re.sub(r"^python ", f"{sys.executable} ", line)
        environment = {**os.environ, **BUILD.environment}
        shell = ["/bin/sh", "-c", line]
        done = subprocess.run(shell, cwd=self.sources, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    def settle_in(self, service: str, given: dict[str, str], moved: dict[str, str]) -> dict[str, str]:
        """The environment of a service: the image's, then its own, with what stands for other machines moved here."""
        variables = {**FINAL.environment, **SERVICES[service]["environment"]}
        found = {name: filled(str(value), given) for name, value in variables.items()} | moved
        path = f"{self.folder / 'opsroom/bin'}{os.pathsep}{os.environ['PATH']}"
        return {"HOME": "/nonexistent", "LANG": "C.UTF-8", **found, "PATH": path}

    def run(self, command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST
        )

    def start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        log = self._running.enter_context((self.folder / f"{command[-1]}.log").open("wb"))
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self._running.callback(process.wait)
        self._running.callback(process.kill)
        return process

    def close(self) -> None:
        self._running.close()


def filled(value: str, given: dict[str, str]) -> str:
    value = NEEDED.sub(lambda found: given[found[1]], value)
    return DEFAULT.sub(lambda found: given.get(found[1], found[2]), value)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installed]:
    made = Installed(tmp_path)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
async def test_each_command_does_its_work_outside_a_container(
    installed: Installed, empty_url: str, tmp_path: Path
) -> None:
    await asyncio.to_thread(installed.build)
    given = {"POSTGRES_PASSWORD": "a" * 64, "OPSROOM_SECRET_KEY": "b" * 64}
    with running_redis(tmp_path) as redis:
        moved = {
            "OPSROOM_DATABASE_URL": empty_url,
            "OPSROOM_REDIS_URL": redis.url,
            "OPSROOM_DATA_DIR": str(tmp_path / "data"),
            "OPSROOM_PORT": str(free_port()),
        }
        of = {name: installed.settle_in(name, given, moved) for name in OURS}
        migrated = installed.run(SERVICES["migrate"]["command"], of["migrate"])
        assert migrated.returncode == 0, migrated.stderr
        assert SERVICES["server"]["command"] == FINAL.command
        alive = SERVICES["worker"]["healthcheck"]["test"][1:]
        assert installed.run(FINAL.healthcheck, of["server"]).returncode == 1
        assert installed.run(alive, of["worker"]).returncode == 1
        for name in ("server", "worker"):
            installed.start(SERVICES[name]["command"], of[name])
        await until(lambda: installed.run(FINAL.healthcheck, of["server"]).returncode == 0, "the server is healthy")
        await until(lambda: installed.run(alive, of["worker"]).returncode == 0, "the worker is healthy")
        base = f"http://127.0.0.1:{moved['OPSROOM_PORT']}"
        seeded = installed.run(["opsroom", "db", "seed"], of["server"])
        password = dict(line.split(": ") for line in seeded.stdout.splitlines())["admin"]
        assert "opsroom_workers 1.0" in figures(base, password), "the server itself runs no jobs"


def figures(base: str, password: str) -> str:
    form = {"username": "admin", "password": password}
    with httpx.Client(base_url=base, timeout=LONGEST) as client:
        token = client.post("/api/v1/auth/token", data=form).json()["access_token"]
        return client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).text
