"""`opsroom serve` and `opsroom demo` where they cannot listen."""

import socket
from pathlib import Path

import pytest
import typer
from tests.conftest import SECRET
from typer.testing import CliRunner

from opsroom.commands import demo, serve


@pytest.mark.parametrize("command", [serve.command, demo.command], ids=["serve", "demo"])
def test_a_port_that_another_has_is_told_before_anything_is_done(
    command: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("OPSROOM_PORT", str(port))
        monkeypatch.setenv("OPSROOM_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("OPSROOM_SECRET_KEY", SECRET)
        result = CliRunner().invoke(command)
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in result.output
    assert "OPSROOM_PORT" in result.output
    assert not (tmp_path / "data" / "opsroom.db").exists()
