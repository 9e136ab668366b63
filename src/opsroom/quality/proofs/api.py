"""`/api/v1/quality/lots/{lot}/proof` and the script that verifies it."""

from fastapi import APIRouter, Response

from opsroom.core.audit.sealed.exporting import VERIFIER, verifier_script
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading
from opsroom.quality.proofs.lot_proof import proof_of_lot
from opsroom.quality.proofs.schemas import LotProof

router = APIRouter(prefix="/api/v1/quality", tags=["quality"])
READ = [allow("quality.proofs.read")]


@router.get("/lots/{lot_id}/proof", dependencies=READ)
async def prove_lot(lot_id: str, connection: Reading) -> LotProof:
    """Every entry of the sealed trail that speaks of the lot, each with its path to a signed root; the hashes of its
    record and of the certificates that were made of it.
    """
    return LotProof.model_validate(await proof_of_lot(connection, lot_id))


@router.get("/proof-verifier", dependencies=READ, response_class=Response)
async def download_proof_verifier() -> Response:
    """The script that verifies a proof anywhere: short, to be read before it is run."""
    disposition = {"Content-Disposition": f'attachment; filename="{VERIFIER}"'}
    return Response(verifier_script(), media_type="text/x-python", headers=disposition)
