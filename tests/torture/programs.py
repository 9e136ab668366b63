"""`opsroom serve` and `opsroom worker` as processes that can be killed, paused and started again."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.torture.wrong import WentWrong

LONGEST = 120.0  # seconds that anything may take on a machine with much else to do
LOOK_EVERY = 0.05
ADDRESS = re.compile(r"running on (http://[\d.]+:\d+)")


class Program:
    """A command of `opsroom` in a process group of its own."""

    def __init__(self, command: str, environment: Mapping[str, str], log: Path) -> None:
        self.command = command
        self._environment = dict(environment)
        self._log = log
        self._said_before = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._said_before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "opsroom", self.command],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def said(self) -> str:
        """Its log since it was started last."""
        with self._log.open("rb") as log:
            log.seek(self._said_before)
            return log.read().decode(errors="replace")

    async def hears(self, words: str | re.Pattern[str]) -> re.Match[str]:
        """Wait until it has said so."""
        pattern = re.compile(words)
        found: list[re.Match[str]] = []

        def heard() -> bool:
            if self._process is None or self._process.poll() is not None:
                raise WentWrong(f"opsroom {self.command} ended by itself:\n{self.said()[-2000:]}")
            found.extend(pattern.finditer(self.said()))
            return bool(found)

        await until(heard, f"opsroom {self.command} says {pattern.pattern}")
        return found[0]


class Server(Program):
    """Listens on a port of its own choice, another after each start."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        super().__init__("serve", {**environment, "OPSROOM_PORT": "0"}, log)
        self.base = ""

    async def ready(self) -> None:
        self.base = (await self.hears(ADDRESS))[1]


async def run_opsroom(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "opsroom", *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )


async def succeeds(environment: Mapping[str, str], *arguments: str) -> str:
    """What it prints. Raises WentWrong when it ends with anything but 0."""
    done = await run_opsroom(environment, *arguments)
    if done.returncode:
        raise WentWrong(f"opsroom {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


async def until(condition: Callable[[], bool], words: str) -> None:
    end = time.monotonic() + LONGEST
    while not condition():
        if time.monotonic() > end:
            raise WentWrong(f"waited {LONGEST:.0f} s in vain until {words}")
        await asyncio.sleep(LOOK_EVERY)
