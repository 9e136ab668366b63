"""A Redis server of a test's own, that can be killed and come back."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ABSENT = "Redis is absent; install it with `apt-get install redis-server` or `brew install redis`"
PAUSE = 0.02  # seconds between looks at a server that starts


class Redis:
    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen([self._program, *options], stdout=subprocess.DEVNULL)
        while not self._answers():
            assert self._process.poll() is None, "the server ended"
            time.sleep(PAUSE)

    def pause(self) -> None:
        """It is there, takes connections, and says nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


@contextmanager
def running_redis(folder: Path) -> Iterator[Redis]:
    """Skips the test by name where the program is absent."""
    program = shutil.which("redis-server")
    if program is None:
        assert not os.environ.get("CI"), "the tests of CI need Redis"
        pytest.skip(ABSENT)
    server = Redis(program, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
