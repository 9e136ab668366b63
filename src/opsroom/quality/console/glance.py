"""What the first page says of quality: what is held, and what waits for people."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import actor_of, render
from opsroom.core.db.session import Reading
from opsroom.quality.findings.queue import MOST_COUNTED, count_waiting
from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.models import Lot

router = APIRouter(prefix="/console/quality", include_in_schema=False)


@router.get("/glance", name="console_quality_glance", dependencies=[allow("quality.lots.read")])
async def glance(request: Request, connection: Reading) -> Response:
    lots = select(func.count()).select_from(Lot)
    return render(
        request,
        "quality/glance.html",
        held=await connection.scalar(lots.where(Lot.on_hold)),
        inspecting=await connection.scalar(lots.where(Lot.status == LotStatus.IN_INSPECTION)),
        findings=await count_waiting(connection, actor_of(request)),
        most=MOST_COUNTED,
    )
