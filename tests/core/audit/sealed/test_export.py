"""What an auditor takes away verifies with the script alone, and every change of it is found."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.audit.sealed.conftest import Write

from opsroom.core.audit.sealed import verify_trail
from opsroom.core.audit.sealed.exporting import as_file, write_export
from opsroom.core.audit.sealed.notes import Signer, signer_of
from opsroom.core.audit.sealed.one_proof import proof_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.db.engine import Database


@pytest.fixture
async def exported(database: Database, write: Write, signer: Signer, tmp_path: Path) -> Path:
    await write(20)
    await seal(database, [signer])
    async with database.reading() as connection:
        await write_export(connection, tmp_path / "trail")
    return tmp_path / "trail"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The script as a file of its own, in a process that cannot see this project."""
    script = next(Path(each) for each in arguments if Path(each).exists())
    script = (script if script.is_dir() else script.parent / "trail") / "verify_trail.py"
    return subprocess.run(
        [sys.executable, "-I", script, *arguments], capture_output=True, text=True, check=False, cwd=script.parent
    )


async def test_an_export_verifies_with_the_key_that_the_auditor_was_given(exported: Path, signer: Signer) -> None:
    done = run(exported, "--key", signer.verifier_key)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("entries are as they were sealed\n")
    assert "whether the signer is the one you trust was not checked" in run(exported).stderr


async def test_an_export_of_somebody_else_is_refused(exported: Path) -> None:
    stranger = signer_of("the secret of somebody else altogether", "tests")
    done = run(exported, "--key", stranger.verifier_key)
    assert (done.returncode, done.stdout) == (1, "the checkpoint bears no signature of a trusted key\n")


async def test_a_folder_that_is_no_export_is_said_to_be_none(exported: Path) -> None:
    (exported / "leaves").unlink()
    assert run(exported).returncode == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_changed_byte_is_found(exported: Path, signer: Signer, data: st.DataObject) -> None:
    trail = exported / "trail.ndjson"
    content = trail.read_bytes()
    at = data.draw(st.integers(0, len(content) - 2))  # but for the last line's end
    bit = data.draw(st.integers(0, 7))
    try:
        trail.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
        _, findings = verify_trail.check_folder(exported, [signer.verifier_key], [])
    finally:
        trail.write_bytes(content)
    number = content[:at].count(b"\n") + 1
    assert any(f"line {number} " in each or f"number {number} " in each for each in findings)


async def changed(exported: Path, signer: Signer, lines: list[bytes]) -> list[str]:
    (exported / "trail.ndjson").write_bytes(b"".join(lines))
    done = run(exported, "--key", signer.verifier_key)
    assert done.returncode == 1
    return done.stdout.splitlines()


async def test_removed_inserted_swapped_doubled_and_truncated_lines_are_found(exported: Path, signer: Signer) -> None:
    lines = (exported / "trail.ndjson").read_bytes().splitlines(keepends=True)
    assert await changed(exported, signer, lines[:4] + lines[5:]) == ["entry number 5 is missing"]
    assert await changed(exported, signer, lines[:-1]) == [f"entry number {len(lines)} is missing"]
    (inserted,) = await changed(exported, signer, [*lines[:4], b'{"id": 3}\n', *lines[4:]])
    assert inserted.startswith("line 5 was altered or inserted")
    (swapped,) = await changed(exported, signer, [lines[1], lines[0], *lines[2:]])
    assert swapped.startswith("line 2 is out of order")
    (doubled,) = await changed(exported, signer, [lines[0], *lines])
    assert doubled.startswith("line 2 is out of order or stands there twice")


async def test_a_trail_shortened_with_its_hashes_is_not_what_was_signed(exported: Path, signer: Signer) -> None:
    leaves = exported / "leaves"
    leaves.write_bytes(leaves.read_bytes()[:-32])
    done = run(exported, "--key", signer.verifier_key)
    assert done.returncode == 1
    assert "that were signed" in done.stdout


async def test_a_later_export_begins_with_an_earlier_checkpoint(
    exported: Path, database: Database, write: Write, signer: Signer, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    shutil.copy(exported / "checkpoint", kept)
    await write(5)
    await seal(database, [signer])
    async with database.reading() as connection:
        await write_export(connection, tmp_path / "later")
    assert run(tmp_path / "later", "--key", signer.verifier_key, "--checkpoint", kept).returncode == 0
    done = run(exported, "--key", signer.verifier_key, "--checkpoint", tmp_path / "later" / "checkpoint")
    assert (done.returncode, done.stdout) == (1, "the trail does not begin with a checkpoint that was kept\n")


async def test_the_proof_of_one_entry_verifies_and_a_changed_one_does_not(
    exported: Path, database: Database, signer: Signer, tmp_path: Path
) -> None:
    first = json.loads((exported / "trail.ndjson").read_bytes().splitlines()[0])
    proof = await proof_of(database, first["id"])
    path = tmp_path / "proof.json"
    path.write_text(as_file(proof))
    assert run(path, "--key", signer.verifier_key).returncode == 0
    path.write_text(as_file(proof | {"line": proof["line"].replace("info", "INFO")}))
    assert run(path, "--key", signer.verifier_key).returncode == 1


def test_the_script_is_short_enough_to_be_read() -> None:
    assert len(Path(verify_trail.__file__).read_text().splitlines()) < 150
