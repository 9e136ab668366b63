"""The report on the tables is byte for byte the report on the bare files they came from."""

import gzip
import io
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.stores.conftest import HOURS, STATUS, ZONES, Files, HandIn, Work
from typer.testing import CliRunner

from opsroom.stores.cli import group

ReportOn = Callable[..., bytes]
BARE_OPTIONS = ("--default-zone", "America/Chicago")


@pytest.fixture
def bare_report(tmp_path: Path) -> ReportOn:
    """What the command writes for the files."""

    def call(*options: str, **files: str | bytes) -> bytes:
        paths = []
        for kind, content in files.items():
            path = tmp_path / f"bare_{kind}.csv"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            paths += [f"--{kind}", str(path)]
        output = tmp_path / "bare_report.csv"
        result = CliRunner().invoke(group, ["report", *paths, *BARE_OPTIONS, "-o", str(output), *options])
        assert result.exit_code == 0, result.stderr
        return output.read_bytes()

    return call


async def stored_report(client: httpx.AsyncClient, work: Work, **parameters: str | bool | None) -> bytes:
    body = {"type": "stores.uptime", "format": "csv", "parameters": parameters}
    asked = await client.post("/api/v1/reports", json=body)
    assert asked.status_code == 202, asked.text
    await work()
    answer = await client.get(f"/api/v1/reports/{asked.json()['id']}/download")
    assert answer.status_code == 200, answer.text
    return answer.content


async def agree(
    files: Files, hand_in: HandIn, manager: httpx.AsyncClient, work: Work, bare: ReportOn, as_of: str
) -> None:
    await hand_in(**files)
    for profile in ("strict", "classic"):
        for instant in (None, as_of):
            options = ["--profile", profile, *(["--as-of", instant] if instant else [])]
            assert await stored_report(manager, work, profile=profile, as_of=instant) == bare(*options, **files)
    assert await stored_report(manager, work, unknown=True, observed_only=True) == bare(
        "--unknown", "--observed-only", **files
    )


async def test_on_the_small_example(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work, bare_report: ReportOn
) -> None:
    files: Files = {"status": STATUS, "hours": HOURS, "zones": ZONES}
    await agree(files, hand_in, manager, work, bare_report, "2023-01-25T17:20:00Z")


@pytest.fixture
def made_up_chain(tmp_path: Path) -> Files:
    """Sixty stores of the benchmarks' generator, with repeated and contradicting polls, which it does not make."""
    generator = Path(__file__).parents[2] / "benchmarks" / "generate_stores.py"
    subprocess.run([sys.executable, generator, tmp_path, "--stores", "60", "--polls", "9000"], check=True)
    status = (tmp_path / "store_status.csv").read_text()
    lines = np.random.default_rng(5).choice(status.splitlines()[1:], 40)
    turned = {"active": "inactive", "inactive": "active"}
    contradictions = [",".join(turned.get(field, field) for field in line.split(",")) for line in lines[20:]]
    return {
        "status": status + "\n".join([*lines[:20], *contradictions, ""]),
        "hours": (tmp_path / "menu_hours.csv").read_text(),
        "zones": (tmp_path / "timezones.csv").read_text(),
    }


async def test_on_a_made_up_chain(
    made_up_chain: Files, hand_in: HandIn, manager: httpx.AsyncClient, work: Work, bare_report: ReportOn
) -> None:
    await agree(made_up_chain, hand_in, manager, work, bare_report, "2023-01-22T03:04:05.678901Z")


@pytest.mark.parametrize("edition", ["real2023", "real2025"])
async def test_on_real_files(
    edition: str, shared_data: Path, hand_in: HandIn, manager: httpx.AsyncClient, work: Work, bare_report: ReportOn
) -> None:
    """Only the stores that the fragment of polls names: the others would be rows of zeros."""
    folder = shared_data / "stores" / edition
    status = gzip.decompress((folder / "store_status_fragment.csv.gz").read_bytes())
    hours = gzip.decompress((folder / "menu_hours.csv.gz").read_bytes())
    zones = gzip.decompress((folder / "timezones.csv.gz").read_bytes())
    files: Files = {"status": status, "hours": first_lines(hours, 6_000), "zones": first_lines(zones, 3_000)}
    newest = max(line.split(b",")[2] for line in status.splitlines()[1:] if line)
    as_of = datetime.fromisoformat(newest.decode().strip().replace(" UTC", "+00:00")).isoformat()
    await agree(files, hand_in, manager, work, bare_report, as_of)


async def test_on_polls_that_came_one_by_one(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work, bare_report: ReportOn
) -> None:
    for line in STATUS.splitlines()[1:]:
        store, status, instant = line.split(",")
        poll = {"store_id": store, "status": status, "timestamp_utc": instant}
        assert (await manager.post("/api/v1/stores/observations", json=poll)).status_code == 200
    await hand_in(hours=HOURS, zones=ZONES)
    assert await stored_report(manager, work) == bare_report(status=STATUS, hours=HOURS, zones=ZONES)


async def test_the_same_tables_give_the_same_fingerprint_and_other_ones_another(
    hand_in: HandIn, manager: httpx.AsyncClient, work: Work
) -> None:
    async def fingerprint() -> str:
        body = {"type": "stores.uptime", "parameters": {"as_of": "2023-01-25T18:00:00Z"}}
        asked = await manager.post("/api/v1/reports", json=body)
        await work()
        found: str = (await manager.get(f"/api/v1/reports/{asked.json()['id']}")).json()["input_fingerprint"]
        return found

    await hand_in(status=STATUS, hours=HOURS, zones=ZONES)
    first = await fingerprint()
    assert await fingerprint() == first
    await hand_in(zones="store_id,timezone_str\nb,Asia/Beirut\n")
    assert await fingerprint() != first


async def test_without_polls_the_report_fails_with_a_sentence(manager: httpx.AsyncClient, work: Work) -> None:
    asked = await manager.post("/api/v1/reports", json={"type": "stores.uptime"})
    await work()
    report = (await manager.get(f"/api/v1/reports/{asked.json()['id']}")).json()
    assert report["status"] == "failed"
    assert report["error"] == "There are no observations yet; import some, or give `as_of`."


def first_lines(content: bytes, count: int) -> bytes:
    return b"".join(line for line, _ in zip(io.BytesIO(content), range(count), strict=False))
