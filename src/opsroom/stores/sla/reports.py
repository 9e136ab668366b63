"""The report of a statement: the figures of each store as they were stated, in any format."""

from uuid import UUID

import polars as pl
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom import __version__
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable, ReportType
from opsroom.core.storage.models import Artifact
from opsroom.stores.sla.models import SlaStatement
from opsroom.stores.sla.schemas import StatementAsked

STATEMENT = "stores.sla_statement"


class StatementParameters(BaseModel):
    policy_id: UUID
    month: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="such as 2026-10")
    revision: int | None = Field(None, ge=1, description="the latest, if none is given")


def statement_report_type(parts: Parts) -> ReportType[StatementParameters]:
    return ReportType(
        name=STATEMENT,
        title="What was stated about this month?",
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
