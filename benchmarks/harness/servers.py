"""Programs that are measured: environments of their own, processes, what they use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS = 120


def environment(folder: Path, name: str, requirements: Sequence[str]) -> Path:
    """The Python of an environment with these packages, made once."""
    home = folder / name
    python, made = home / "bin" / "python", home / "made"
    if not made.exists() or made.read_text() != "\n".join(requirements):
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        quietly = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([python, *quietly, *requirements], check=True)
        made.write_text("\n".join(requirements))
    return python


def versions(python: Path, packages: Sequence[str]) -> str:
    """Of those of the packages that are there."""
    done = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True)
    found = (
        line.replace("==", " ") for line in done.stdout.splitlines() if line.partition("==")[0].lower() in packages
    )
    return ", ".join(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str | Path], port: int, settings: Mapping[str, str], log: Path) -> Iterator[int]:
    """A server's process id, once it listens.

    Raises:
        RuntimeError: it ended, or does not listen in time.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env={**os.environ, **settings}, stdout=output, stderr=output) as process,
    ):
        try:
            _wait(process, port, log)
            yield process.pid
        finally:
            process.terminate()


def processor_seconds(pid: int) -> float:
    """Of a process and its children together (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = sum(int(ticks) for ticks in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])
    return own / os.sysconf("SC_CLK_TCK") + sum(processor_seconds(int(child)) for child in children)


def peak_memory(pid: int) -> int:
    """The largest resident set so far, in bytes (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server does not listen:\n{log.read_text()[-2000:]}")
