"""`/api/v1/audit`: reading the trail.

Outside of `core/audit`, on which signing in stands: its routes need guards, and the guards come above it.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import AwareDatetime, BaseModel, Field

from opsroom.core.audit.models import Action, Level
from opsroom.core.audit.queries import Entry, Wanted, history_of, latest_entries
from opsroom.core.audit.sealed.exporting import consistency_of, newest_checkpoint, proof_of
from opsroom.core.auth.guards import allow
from opsroom.core.db.paging import DEFAULT_SIZE, MOST_SIZE, Page
from opsroom.core.db.session import Reading

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

READ = [allow("audit.read")]
MOST_ID = 2**63 - 1
EntryId = Annotated[int, Path(ge=1, le=MOST_ID)]
Size = Annotated[int, Query(ge=1, le=MOST_SIZE)]
Cursor = Annotated[int | None, Query(ge=0, description="`next_cursor` of the page before")]


class AuditEntryRead(BaseModel):
    id: int
    transaction_id: int = Field(description="the same for everything that took effect together")
    at: datetime
    action: Action
    event: str = Field(examples=["users.updated", "auth.sign_in.refused"])
    level: Level
    table_name: str | None
    record_id: str | None
    before: dict[str, Any] | None = Field(description="the fields that changed, as they were; all of a deleted record")
    after: dict[str, Any] | None = Field(description="the fields that changed, as they are; all of a new record")
    facts: dict[str, Any] | None = Field(description="what an event says")
    user_id: UUID | None
    user_name: str = Field(description="as printed at that time")
    session_id: UUID | None
    ip: str | None
    user_agent: str | None
    request_id: str | None
    reason: str | None = Field(description="from the request's header X-Reason")
    job_id: UUID | None
    database_user: str
    database_host: str


@router.get("", dependencies=READ)
async def list_audit_entries(
    connection: Reading,
    action: Action | None = None,
    level: Level | None = None,
    event: str | None = None,
    table_name: str | None = None,
    record_id: str | None = None,
    user_id: UUID | None = None,
    user_name: str | None = None,
    session_id: UUID | None = None,
    request_id: str | None = None,
    job_id: UUID | None = None,
    transaction_id: int | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    cursor: Cursor = None,
    size: Size = DEFAULT_SIZE,
) -> Page[AuditEntryRead]:
    """Who did what, newest first."""
    wanted = Wanted(
        action, level, event, table_name, record_id, user_id, user_name, session_id, request_id, job_id,
        transaction_id, since, until,
    )  # fmt: skip
    return _page(await latest_entries(connection, wanted, size + 1, cursor), size)


@router.get("/records/{table_name}/{record_id}", dependencies=READ)
async def read_record_history(
    table_name: str, record_id: str, connection: Reading, cursor: Cursor = None, size: Size = DEFAULT_SIZE
) -> Page[AuditEntryRead]:
    """What happened to one record, from its beginning."""
    return _page(await history_of(connection, table_name, record_id, size + 1, cursor or 0), size)


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
async def prove_audit_entry(entry_id: EntryId, connection: Reading) -> Proof:
    """That an entry is one of those that were sealed; `verify_trail.py` takes the answer as a file."""
    return Proof.model_validate(await proof_of(connection, entry_id))


@router.get("/consistency", dependencies=READ)
async def prove_audit_consistency(
    connection: Reading, old_size: Annotated[int, Query(ge=1, le=MOST_ID, description="of an earlier checkpoint")]
) -> Consistency:
    """That the trail only grew since an earlier checkpoint."""
    return Consistency.model_validate(await consistency_of(connection, old_size))


def _page(entries: list[Entry], size: int) -> Page[AuditEntryRead]:
    """Of one entry more than asked for, so that the last page is known to be the last."""
    shown = [AuditEntryRead.model_validate(entry) for entry in entries[:size]]
    further = str(shown[-1].id) if len(entries) > size else None
    return Page(items=shown, total=None, page=None, size=size, pages=None, next_cursor=further)
