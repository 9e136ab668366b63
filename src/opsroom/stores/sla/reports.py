"""The report of a statement: the figures of each store as they were stated, in any format."""

from typing import Any
from uuid import UUID

import polars as pl
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom import __version__
from opsroom.core.charts import Bar, BarChart, Kind
from opsroom.core.console.words import percent
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.core.reports.document import Column, Document, Fact, Facts, Picture, Section, Table
from opsroom.core.storage.models import Artifact
from opsroom.stores.sla.models import SlaStatement
from opsroom.stores.sla.schemas import StatementAsked

STATEMENT = "stores.sla_statement"
TITLE = "What was stated about this month?"


VERDICTS: tuple[tuple[str, Kind], ...] = (("met", "up"), ("breached", "down"), ("unknown", "unknown"))
COLUMNS = (
    Column("store_id", "Store"),
    *map(Column, ("open_hours", "uptime_hours", "downtime_hours", "unknown_hours")),
    *map(Column, ("coverage_percent", "availability_percent", "budget_hours")),
    Column("verdict", "Verdict", states=VERDICTS),
    Column("credit_percent"),
)
WORST = 10


class StatementParameters(BaseModel):
    policy_id: UUID
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="such as 2026-10")
    revision: int | None = Field(None, ge=1, description="the latest, if none is given")


def statement_report_type(parts: Parts) -> ReportType[StatementParameters]:
    return ReportType(
        name=STATEMENT,
        title=TITLE,
        parameters=StatementParameters,
        compute=StatementReport(parts).compute,
        permission="stores.sla.read",
    )


class StatementReport:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def compute(self, parameters: StatementParameters, _run: Run) -> ReportTable:
        statement, sha256 = await self._find(parameters)
        content = b"".join([part async for part in self._parts.blobs.stream(sha256)])
        # Ids are opaque: 0042 must not become 42.
        frame = pl.read_csv(content, schema_overrides={"store_id": pl.String, "verdict": pl.String})
        return ReportTable(
            frame=frame,
            as_of=statement.end,
            fingerprint=sha256,
            engine_version=__version__,
            summary={
                "revision": statement.revision,
                "reason": statement.reason,
                "terms": statement.terms,
                "verdict": statement.verdict.value,
                "availability": statement.availability,
                "stores": statement.stores,
                "stores_breached": statement.stores_breached,
            },
            columns=COLUMNS,
            document=lambda: _document(statement, frame),
        )

    async def _find(self, parameters: StatementParameters) -> tuple[SlaStatement, str]:
        month = StatementAsked(month=parameters.month, reason="-").first_day
        query = (
            select(SlaStatement, Artifact.sha256)
            .join(Artifact, Artifact.id == SlaStatement.artifact_id)
            .where(SlaStatement.policy_id == parameters.policy_id, SlaStatement.period == month)
            .order_by(SlaStatement.revision.desc())
        )
        if parameters.revision is not None:
            query = query.where(SlaStatement.revision == parameters.revision)
        async with self._parts.database.reading() as connection, AsyncSession(connection) as session:
            row = (await session.execute(query.limit(1))).one_or_none()
            if row is None:
                raise Permanent("There is no such statement; issue it first.")
            session.expunge_all()
        return row[0], row[1]


def _document(statement: SlaStatement, frame: pl.DataFrame) -> Document:
    terms: dict[str, Any] = statement.terms
    availability = statement.availability
    facts = [
        Fact("verdict", statement.verdict.value, kind=dict(VERDICTS)[statement.verdict.value]),
        Fact("availability", "–" if availability is None else str(percent(availability, 3))),
        Fact("stores", f"{statement.stores:,}", f"{statement.stores_breached:,} broke the promise"),
        Fact("revision", str(statement.revision), statement.reason),
    ]
    return Document(
        f"{terms['name']}: {statement.period:%Y-%m}",
        f"Stated by {statement.issued_by} for the month in {statement.zone}.",
        facts,
        [
            Section("What was promised", [Facts(_promise(terms))]),
            Section("Stores", [*_lowest(frame), Table(frame, COLUMNS, worst="availability_percent")]),
        ],
    )


def _promise(terms: dict[str, Any]) -> list[Fact]:
    steps = [Fact("credit", f"{owed:g} %", f"below {percent(below, 3)}") for below, owed in terms["credits"]]
    return [Fact("availability", str(percent(terms["target"], 3)), terms["applies_to"].replace("_", " ")), *steps]


def _lowest(frame: pl.DataFrame) -> list[Picture]:
    lowest = frame.filter(pl.col("availability_percent") < 100).sort("availability_percent", "store_id").head(WORST)
    bars = [
        Bar(store, value, f"{value:.2f} %", "down" if verdict == "breached" else None)
        for store, value, verdict in lowest.select("store_id", "availability_percent", "verdict").iter_rows()
    ]
    return [Picture(BarChart("Lowest availability", bars, "availability, %", high=100.0))] if bars else []
