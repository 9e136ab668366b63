"""What the first page says of quality: what is held, and what waits for people."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.db.session import Reading
from opsroom.quality.findings.models import Defect
from opsroom.quality.findings.queue import UNDECIDED
from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.models import Lot

router = APIRouter(prefix="/console/quality", include_in_schema=False)

MOST = 1000  # findings are counted no further: the page has to stay quick when a million wait


@router.get("/glance", name="console_quality_glance", dependencies=[allow("quality.lots.read")])
async def glance(request: Request, connection: Reading) -> Response:
    held = await connection.scalar(select(func.count()).select_from(Lot).where(Lot.on_hold))
    inspecting = select(func.count()).select_from(Lot).where(Lot.status == LotStatus.IN_INSPECTION)
    undecided = select(Defect.id).where(Defect.review_status.in_(UNDECIDED)).limit(MOST + 1).subquery()
    findings = await connection.scalar(select(func.count()).select_from(undecided)) or 0
    return render(
        request,
        "quality/glance.html",
        held=held,
        inspecting=await connection.scalar(inspecting),
        findings=min(findings, MOST),
        more=findings > MOST,
    )
