"""The six report types on the demonstration data, in each format."""

import csv
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from opsroom.core.parts import NoPayload
from opsroom.core.reports.models import ReportFormat
from opsroom.quality.demo import DRIFTING, JOB, STEADY
from opsroom.quality.kinds import QualityReport

Work = Callable[[], Awaitable[None]]
ASKED: dict[QualityReport, dict[str, Any]] = {
    QualityReport.INSPECTION_SUMMARY: {"part": "BRK-1042"},
    QualityReport.LOT_CERTIFICATE: {"lot": "B-0100"},
    QualityReport.DEFECT_PARETO: {},
    QualityReport.PROCESS_CAPABILITY: {"part": "BRK-1042", "characteristic": "wall_thickness"},
    QualityReport.MODEL_PERFORMANCE: {},
}


@pytest.fixture
async def shown(app: FastAPI, work: Work) -> FastAPI:
    async with app.state.database.transaction() as session:
        await app.state.queue.add(session, JOB, NoPayload())
    await work()
    return app


async def made(client: httpx.AsyncClient, work: Work, kind: QualityReport, form: str, asked: Any) -> tuple[Any, bytes]:
    body = {"type": f"quality.{kind.value}", "format": form, "parameters": asked}
    answer = await client.post("/api/v1/reports", json=body)
    assert answer.status_code in {200, 201, 202}, answer.text
    await work()
    found = (await client.get(f"/api/v1/reports/{answer.json()['id']}")).json()
    assert (found["status"], found["error"]) == ("complete", None)
    return found, (await client.get(f"/api/v1/reports/{found['id']}/download")).content


def test_each_of_the_six_types_is_declared(app: FastAPI) -> None:
    declared = {name for name in app.state.reports.types if name.startswith("quality.")}
    assert declared == {f"quality.{kind.value}" for kind in QualityReport}


async def test_every_report_has_every_format_and_the_same_bytes_again(
    shown: FastAPI, admin: httpx.AsyncClient, work: Work
) -> None:
    lot = (await admin.get("/api/v1/quality/lots/B-0100")).json()["id"]
    asked = ASKED | {QualityReport.AUDIT_EXTRACT: {"table": "lots", "record_id": lot}}
    for kind in QualityReport:
        for form in ReportFormat:
            _, once = await made(admin, work, kind, form.value, asked[kind])
            assert once, f"{kind} {form}"
        _, again = await made(admin, work, kind, ReportFormat.PDF.value, asked[kind])
        _, other = await made(admin, work, kind, ReportFormat.PDF.value, asked[kind])
        assert again == other, kind


async def test_reports_say_what_the_tables_hold(shown: FastAPI, admin: httpx.AsyncClient, work: Work) -> None:
    summary, _ = await made(admin, work, QualityReport.INSPECTION_SUMMARY, "json", {})
    assert summary["summary"] == {"inspections": STEADY + DRIFTING + 1, "accepted": STEADY + DRIFTING, "rejected": 1}
    _, pareto = await made(admin, work, QualityReport.DEFECT_PARETO, "csv", {})
    assert pareto.decode().splitlines()[1:] == ["porosity,3,75.00,75.00", "dent,1,25.00,100.00"]
    models, _ = await made(admin, work, QualityReport.MODEL_PERFORMANCE, "json", {})
    assert models["summary"] == {"models": 1, "runs": 8, "findings": 7}
    _, told = await made(admin, work, QualityReport.MODEL_PERFORMANCE, "csv", {})
    (row,) = csv.DictReader(told.decode().splitlines())
    assert (row["model"], row["failed_runs"], row["confirmed"], row["undecided"]) == ("surface-defects", "0", "4", "3")
    assert (row["missed"], float(row["precision_percent"]), float(row["recall_percent"])) == ("0", 100, 100)
    capability, _ = await made(
        admin, work, QualityReport.PROCESS_CAPABILITY, "json", ASKED[QualityReport.PROCESS_CAPABILITY]
    )
    assert capability["summary"]["cp"] is None, "it has a lower limit only"
    assert capability["summary"]["cpk"] > 1.33


async def test_a_certificate_shows_signatures_and_what_was_changed(
    shown: FastAPI, admin: httpx.AsyncClient, work: Work
) -> None:
    _, page = await made(admin, work, QualityReport.LOT_CERTIFICATE, "html", {"lot": "B-0100"})
    text = page.decode()
    for words in ("demo_qualified", "release", "holds", "bore diameter", "status: created → in_inspection"):
        assert words in text, words
    body = {"type": "quality.lot_certificate", "format": "pdf", "parameters": {"lot": "nothing"}}
    report = (await admin.post("/api/v1/reports", json=body)).json()["id"]
    await work()
    assert "There is no lot nothing" in (await admin.get(f"/api/v1/reports/{report}")).json()["error"]
