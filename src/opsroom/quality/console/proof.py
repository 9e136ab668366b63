"""`/console/quality/lots/{number}/proof`: where the code on a certificate leads."""

from fastapi import APIRouter, Request, Response

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.db.session import Reading
from opsroom.quality.proofs.lot_proof import lot_record

router = APIRouter(prefix="/console/quality/lots", include_in_schema=False)


@router.get("/{number}/proof", name="console_quality_proof", dependencies=[allow("quality.lots.read")])
async def proof_page(number: str, request: Request, connection: Reading) -> Response:
    record = await lot_record(connection, number)
    return render(request, "quality/proof.html", record=record)
