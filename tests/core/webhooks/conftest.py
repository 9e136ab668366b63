"""Receivers: real web servers in processes of their own, reached because the setting allows it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from opsroom.settings import Settings


@dataclass
class Listening:
    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hook"

    def heard(self, count: int) -> list[dict[str, Any]]:
        """The next requests; they have been answered before the sender went on."""
        assert self.process.stdout is not None
        return [json.loads(self.process.stdout.readline()) for _ in range(count)]

    def heard_no_more(self) -> bool:
        self.process.terminate()
        return self.process.communicate(timeout=30)[0] == ""


Receive = Callable[[str], Listening]


@pytest.fixture
def receive() -> Iterator[Receive]:
    """A receiver that gives these answers, such as `500,200`."""
    started: list[subprocess.Popen[str]] = []

    def start(answers: str) -> Listening:
        script = Path(__file__).with_name("receiver.py")
        process = subprocess.Popen([sys.executable, script, answers], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return Listening(process, int(process.stdout.readline()))

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"outgoing_networks": ("127.0.0.0/8", "::1/128")})
