"""A real S3-compatible server in a process of its own, with an empty bucket."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

BUCKET = "files"


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the bucket, and the environment that leads there."""
    program = shutil.which("moto_server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("moto_server is absent")
        pytest.skip("moto is absent; install it with `uv tool install 'moto[s3,server]'` or `pipx install …`")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", "0"], stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        address = _address(process)
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        httpx.put(f"{address}/{BUCKET}", timeout=60).raise_for_status()
        yield f"s3://{BUCKET}/opsroom"
    finally:
        process.terminate()
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    """The server says on which port it listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if "Running on http://" in line:
            return "http://" + line.partition("http://")[2].strip()
    raise AssertionError("the S3 server did not start")
