"""`/console/audit`: who did what to which record, when, from where and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.actor import Actor
from opsroom.core.audit.declaration import audited_tables
from opsroom.core.audit.models import Action, Level
from opsroom.core.audit.queries import Entry, Wanted, find_entry, latest_entries
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import Catalogue, list_path, short
from opsroom.core.console.records.trail import Happening, told
from opsroom.core.console.records.values import shown_fields
from opsroom.core.console.render import console_of, render
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.base import Base
from opsroom.core.db.session import Reading
from opsroom.core.errors import BadRequest, NotFound

router = APIRouter(prefix="/console/audit", include_in_schema=False)

PAGE = 50
TOGETHER = 100  # entries of one transaction that its page shows
ASKED = ("action", "level", "event", "table_name", "record_id", "user_name", "request_id", "since", "until")

Reader = Annotated[Actor, allow("audit.read")]


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, with what it is about: its table, the end of its id and, where it has a page, its address."""

    happening: Happening
    subject: str
    name: str
    path: str


def asked_of(request: Request) -> dict[str, str]:
    """What the form sent, without its empty fields."""
    return {name: text for name in ASKED if (text := request.query_params.get(name, "").strip())}


Asked = Annotated[dict[str, str], Depends(asked_of)]


@router.get("", name="console_audit")
async def entries(
    request: Request, connection: Reading, asked: Asked, actor: Reader, before: int | None = None
) -> Response:
    zone = viewer_of(request).zone
    refusal, found = "", []
    try:
        found = await latest_entries(connection, wanted(asked, zone), PAGE + 1, before)
    except BadRequest as error:
        refusal = error.sentence
    return render(
        request,
        "audit/list.html",
        status=400 if refusal else 200,
        asked=asked,
        refusal=refusal,
        lines=[_line(entry, console_of(request).catalogue, actor, zone) for entry in found[:PAGE]],
        older=found[PAGE - 1]["id"] if len(found) > PAGE else None,
        before=before,
        query=urlencode(asked),
        api_query=urlencode(_exact(asked, zone)) if not refusal else "",
        tables=[(each.name, each.name.replace("_", " ")) for each in audited_tables(Base.metadata)],
        actions=[(each.value, each.value) for each in Action],
        levels=[(each.value, each.value) for each in Level],
    )


@router.get("/{entry_id}", name="console_audit_entry")
async def entry(entry_id: int, request: Request, connection: Reading, actor: Reader) -> Response:
    found = await find_entry(connection, entry_id)
    if found is None:
        raise NotFound(f"There is no audit entry {entry_id}.")
    catalogue, zone = console_of(request).catalogue, viewer_of(request).zone
    together = await _together(connection, found)
    return render(
        request,
        "audit/entry.html",
        line=_line(found, catalogue, actor, zone),
        entry=found,
        together=[_line(each, catalogue, actor, zone) for each in together],
    )


def wanted(asked: dict[str, str], zone: ZoneInfo) -> Wanted:
    """
    Raises:
        BadRequest: a time cannot be read, or there is no such action or level.
    """
    try:
        return TypeAdapter(Wanted).validate_python(_exact(asked, zone))
    except ValidationError as error:
        wrong = error.errors()[0]
        raise BadRequest(f"{wrong['loc'][-1]}: {wrong['msg']}.") from None


def _exact(asked: dict[str, str], zone: ZoneInfo) -> dict[str, str]:
    """As the API takes it: a time that names no zone is the viewer's."""
    exact = dict(asked)
    for name in {"since", "until"} & asked.keys():
        try:
            at = datetime.fromisoformat(asked[name])
        except ValueError:
            raise BadRequest(f"{name}: {asked[name][:80]} is no time; write 2026-11-20 14:00.") from None
        exact[name] = (at if at.tzinfo else at.replace(tzinfo=zone)).isoformat()
    return exact


async def _together(connection: AsyncConnection, entry: Entry) -> list[Entry]:
    """What else took effect with it, in order."""
    same = await latest_entries(connection, Wanted(transaction_id=entry["transaction_id"]), TOGETHER)
    return [each for each in reversed(same) if each["id"] != entry["id"]]


def _line(entry: Entry, catalogue: Catalogue, actor: Actor, zone: ZoneInfo) -> Line:
    table: Any = Base.metadata.tables.get(entry["table_name"] or "")
    resource = None if table is None else catalogue.of_table(table, actor)
    # Who reads the trail reads all of it; the resource only says how its fields are shown.
    happening = told(entry, {} if resource is None else shown_fields(resource), zone, whole=True)
    path = f"{list_path(resource)}/{entry['record_id']}" if resource and entry["record_id"] else ""
    return Line(happening, (entry["table_name"] or "").replace("_", " "), short(entry["record_id"] or ""), path)
