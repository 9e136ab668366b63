"""`/api/v1/audit`: proofs that the trail's entries are as they were; the entries themselves are declared.

Outside of `core/audit`, on which signing in stands: its routes need guards, and the guards come above it.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from opsroom.core.audit.sealed.exporting import consistency_of, newest_checkpoint
from opsroom.core.audit.sealed.one_proof import proof_of
from opsroom.core.auth.guards import allow
from opsroom.core.db.session import Reading, TheDatabase

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

READ = [allow("audit.read")]
MOST_ID = 2**63 - 1
EntryId = Annotated[int, Path(ge=1, le=MOST_ID)]


class Proof(BaseModel):
    line: str = Field(description="the entry as it was hashed")
    index: int = Field(description="which leaf of the tree it is")
    path: list[str] = Field(description="hashes from the leaf to the root (RFC 9162, 2.1.3), hexadecimal")
    checkpoint: str = Field(description="signed note (C2SP tlog-checkpoint)")
    keys: list[str] = Field(description="verifier keys of the signers; compare them with those you were given")


class Consistency(BaseModel):
    old_size: int
    path: list[str] = Field(description="hashes (RFC 9162, 2.1.4), hexadecimal")
    checkpoint: str


@router.get("/checkpoint", dependencies=READ, response_class=PlainTextResponse)
async def read_audit_checkpoint(connection: Reading) -> Response:
    """The latest signed checkpoint, to be kept where nobody who can change this database can change it."""
    return PlainTextResponse((await newest_checkpoint(connection)).note)


@router.get("/entries/{entry_id}/proof", dependencies=READ)
async def prove_audit_entry(entry_id: EntryId, database: TheDatabase) -> Proof:
    """That an entry is one of those that were sealed; `verify_trail.py` takes the answer as a file."""
    return Proof.model_validate(await proof_of(database, entry_id))


@router.get("/consistency", dependencies=READ)
async def prove_audit_consistency(
    connection: Reading, old_size: Annotated[int, Query(ge=1, le=MOST_ID, description="of an earlier checkpoint")]
) -> Consistency:
    """That the trail only grew since an earlier checkpoint."""
    return Consistency.model_validate(await consistency_of(connection, old_size))
