"""Results that have expired: their files are let go; the row that says what was asked and what came of it stays."""

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.clock import now
from opsroom.core.jobs.handler import JobType, Run
from opsroom.core.reports.models import UNFINISHED, Report
from opsroom.core.storage.models import Artifact


class Nothing(BaseModel):
    """What it needs."""


EXPIRE = "reports.expire"
AT_ONCE = 500


def expiry_job() -> JobType[Nothing, None]:
    return JobType(name=EXPIRE, payload=Nothing, compute=_nothing, save=_let_go, every=timedelta(hours=1))


async def _nothing(_payload: Nothing, _run: Run) -> None:
    """All of it is one transaction."""


async def _let_go(session: AsyncSession, _payload: Nothing, _computed: None, _run: Run) -> dict[str, Any]:
    at = now()
    found = (
        select(Report.id, Report.artifact_id)
        .join(Artifact, Artifact.id == Report.artifact_id)
        .where(Report.expires_at <= at, Report.status.not_in(UNFINISHED))
        # What is held or to be retained stays, and is not served either.
        .where(Artifact.legal_hold.is_(False), or_(Artifact.retain_until.is_(None), Artifact.retain_until <= at))
    )
    rows = (await session.execute(found.order_by(Report.expires_at).limit(AT_ONCE))).all()
    reports = [row.id for row in rows]
    letting = {"artifact_id": None, "version": Report.version + 1}
    await session.execute(
        update(Report).where(Report.id.in_(reports)).values(letting).execution_options(synchronize_session=False)
    )
    await session.execute(delete(Artifact).where(Artifact.id.in_([row.artifact_id for row in rows])))
    return {"expired": len(rows)}
