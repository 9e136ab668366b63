"""Reports drawn from statistics: the Pareto of findings, the capability of a process, the performance of models."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Integer, cast, func, select

from opsroom import __version__
from opsroom.core.charts import ParetoChart
from opsroom.core.errors import NotFound
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable
from opsroom.core.reports.document import Document, Fact, Picture, Section, Table
from opsroom.quality.charts.drawing import MeasuredKind, RuleSet, chart_of_values, places_of_points
from opsroom.quality.charts.pictures import control_chart, histogram
from opsroom.quality.charts.series import confirmed_types, measured
from opsroom.quality.findings.models import Defect
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.kinds import DetectionMethod, InferenceStatus, ReviewStatus
from opsroom.quality.reports.frames import fingerprint_of, frame_of, text_of, words
from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.capability import Specification, capability
from opsroom.quality.spc.pareto import pareto
from opsroom.quality.spc.subgroups import Subgroups

PARETO = {
    "type": pl.String, "findings": pl.Int64, "share_percent": pl.Float64, "cumulative_percent": pl.Float64,
}  # fmt: skip
VALUES = {"lot_number": pl.String, "measured_at": pl.String, "unit": pl.Int64, "value": pl.Float64}
MODELS = {
    "model": pl.String, "version": pl.String, "sha256": pl.String, "runs": pl.Int64, "failed_runs": pl.Int64,
    "compute_ms": pl.Float64, "findings": pl.Int64, "confirmed": pl.Int64, "rejected": pl.Int64,
    "undecided": pl.Int64, "missed": pl.Int64, "precision_percent": pl.Float64, "recall_percent": pl.Float64,
}  # fmt: skip


class ParetoParameters(BaseModel):
    part: str | None = Field(None, max_length=80, description="part number; all parts if none is given")
    since: AwareDatetime | None = Field(None, description="found from here on")
    until: AwareDatetime | None = Field(None, description="found before")


class CapabilityParameters(BaseModel):
    part: str = Field(min_length=1, max_length=80, description="part number")
    characteristic: str = Field(min_length=1, max_length=120)
    last: int = Field(100, ge=2, le=5000, description="the last so many inspections")


class ModelParameters(BaseModel):
    since: AwareDatetime | None = Field(None, description="runs from here on")
    until: AwareDatetime | None = Field(None, description="runs before")


class Figures:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    async def defect_pareto(self, parameters: ParetoParameters, _run: Run) -> ReportTable:
        async with self._database.reading() as connection:
            try:
                types = await confirmed_types(connection, parameters.part, parameters.since, parameters.until)
            except NotFound as refusal:
                raise Permanent(refusal.sentence) from None
        bars = pareto(types)
        frame = frame_of(
            (
                (bar.category, bar.count, round(100 * bar.share, 2), round(100 * bar.cumulative_share, 2))
                for bar in bars
            ),
            PARETO,
        )
        chart = ParetoChart("Confirmed findings by type", [(words(b.category), b.count) for b in bars], "findings")
        title = "Which findings are the vital few?"
        return ReportTable(
            frame,
            parameters.until,
            fingerprint_of(frame, parameters),
            __version__,
            summary={"findings": len(types), "types": len(bars)},
            document=lambda: Document(
                title,
                parameters.part or "All parts",
                [Fact("findings", str(len(types)))],
                [Section("By type", [*([Picture(chart)] if bars else []), Table(frame)])],
            ),
        )

    async def process_capability(self, parameters: CapabilityParameters, _run: Run) -> ReportTable:
        async with self._database.reading() as connection:
            try:
                series = await measured(connection, parameters.part, parameters.characteristic, parameters.last)
            except NotFound as refusal:
                raise Permanent(refusal.sentence) from None
        if series.limits is None:
            raise Permanent(f"{parameters.part} does not specify {parameters.characteristic} any more.")
        limits = Specification(series.limits.lower, series.limits.upper, series.limits.nominal)
        try:
            found = capability(Subgroups.from_rows(series.groups), limits)
            kind = MeasuredKind.XBAR_S if min(map(len, series.groups)) > 1 else MeasuredKind.IMR
            chart = chart_of_values(kind, series, RuleSet.NELSON)
        except UnusableData as refusal:
            raise Permanent(f"The values cannot carry it: {refusal}.") from None
        frame = frame_of(
            (
                (place.lot_number, text_of(place.at), unit, value)
                for place, group in zip(series.places, series.groups, strict=True)
                for unit, value in enumerate(group, 1)
            ),
            VALUES,
        )
        name = words(parameters.characteristic)
        picture = control_chart(chart, places_of_points(kind, series), parameters.characteristic)
        indices = {"cp": found.cp, "cpk": found.cpk, "pp": found.pp, "ppk": found.ppk}
        return ReportTable(
            frame,
            max(place.at for place in series.places),
            fingerprint_of(frame, parameters, str(limits)),
            __version__,
            summary={key: None if value is None else round(value, 4) for key, value in indices.items()}
            | {"values": frame.height, "signals": len(chart.signals)},
            document=lambda: Document(
                f"How capable is the process of {name}?",
                f"{parameters.part}, {len(series.groups)} inspections.",
                [
                    *(Fact(key, "–" if value is None else f"{value:.2f}") for key, value in indices.items()),
                    Fact("mean", f"{found.mean:.4f}"),
                    Fact("sigma within", f"{found.sigma_within:.4f}"),
                ],
                [
                    Section("Control", [Picture(picture)]),
                    Section("Distribution", [Picture(histogram(series, parameters.characteristic))]),
                    Section("Values", [Table(frame)]),
                ],
            ),
        )

    async def model_performance(self, parameters: ModelParameters, _run: Run) -> ReportTable:
        async with self._database.reading() as connection:
            runs = (await connection.execute(_runs(parameters))).all()
            judged = {
                (row.model_sha256, row.review_status): row.findings
                for row in await connection.execute(_judged(parameters))
            }
            missed = {row.model_sha256: row.findings for row in await connection.execute(_missed(parameters))}
        frame = frame_of((_model_row(row, judged, missed.get(row.model_sha256, 0)) for row in runs), MODELS)
        return ReportTable(
            frame,
            parameters.until,
            fingerprint_of(frame, parameters),
            __version__,
            summary={
                "models": frame.height,
                "runs": int(frame["runs"].sum()),
                "findings": int(frame["findings"].sum()),
            },
        )


def _model_row(row: Any, judged: dict[tuple[str, ReviewStatus], int], missed: int) -> Sequence[Any]:
    """By the verdicts of reviewers. missed: flaws that people found, and confirmed, on images it had looked at"""
    counts = {status: judged.get((row.model_sha256, status), 0) for status in ReviewStatus}
    confirmed, rejected = counts[ReviewStatus.CONFIRMED], counts[ReviewStatus.REJECTED]
    return (
        row.model_name, row.model_version, row.model_sha256, row.runs, row.failed,
        None if row.compute_ms is None else round(row.compute_ms, 2), sum(counts.values()), confirmed, rejected,
        sum(counts.values()) - confirmed - rejected, missed,
        _percent(confirmed, confirmed + rejected), _percent(confirmed, confirmed + missed),
    )  # fmt: skip


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _runs(asked: ModelParameters) -> Any:
    failed = InferenceJob.status.in_((InferenceStatus.FAILED, InferenceStatus.TIMED_OUT))
    key = (InferenceJob.model_name, InferenceJob.model_version, InferenceJob.model_sha256)
    query = select(
        *key,
        func.count().label("runs"),
        func.sum(cast(failed, Integer)).label("failed"),
        func.avg(InferenceJob.compute_ms).label("compute_ms"),
    )
    return _within(query, asked).group_by(*key).order_by(*key)


def _judged(asked: ModelParameters) -> Any:
    query = select(InferenceJob.model_sha256, Defect.review_status, func.count().label("findings")).join(
        Defect, Defect.inference_job_id == InferenceJob.id
    )
    return _within(query, asked).group_by(InferenceJob.model_sha256, Defect.review_status)


def _missed(asked: ModelParameters) -> Any:
    looked_at = (
        (InferenceJob.inspection_id == Defect.inspection_id)
        & (InferenceJob.input_artifact_id == Defect.image_artifact_id)
        & (InferenceJob.status == InferenceStatus.SUCCEEDED)
    )
    query = (
        select(InferenceJob.model_sha256, func.count(Defect.id.distinct()).label("findings"))
        .join(Defect, looked_at)
        .where(Defect.detection_method == DetectionMethod.MANUAL, Defect.review_status == ReviewStatus.CONFIRMED)
    )
    return _within(query, asked).group_by(InferenceJob.model_sha256)


def _within(query: Any, asked: ModelParameters) -> Any:
    if asked.since is not None:
        query = query.where(InferenceJob.created_at >= asked.since)
    if asked.until is not None:
        query = query.where(InferenceJob.created_at < asked.until)
    return query
