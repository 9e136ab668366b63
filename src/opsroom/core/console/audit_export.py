"""`/console/audit/export`: what the page of the trail shows, all of it, as a file."""

from collections.abc import AsyncIterator
from enum import Enum
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from opsroom.core.answers import file_response
from opsroom.core.audit.events import record
from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.audit.queries import Wanted, latest_entries
from opsroom.core.auth.guards import allow
from opsroom.core.console.audit import Asked, wanted
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.resources.trail import EXPORTED
from opsroom.core.tabular.cells import Cell, guarded
from opsroom.core.tabular.writing import MEDIA_TYPES, Kind, csv_lines

router = APIRouter(prefix="/console/audit", include_in_schema=False)

AT_ONCE = 1000  # entries of one read
NAMES = tuple(AUDIT_LOG.c.keys())


@router.get("/export", name="console_audit_export", dependencies=[allow("audit.read")])
async def export(request: Request, database: TheDatabase, session: Unit, asked: Asked) -> Response:
    """Newest first. Who takes the trail away is in the trail."""
    found = wanted(asked, viewer_of(request).zone)
    await record(session, EXPORTED, None, list="audit_log", kind=Kind.CSV, query=request.url.query)
    return await file_response(_pieces(database, found), MEDIA_TYPES[Kind.CSV], "audit.csv")


async def _pieces(database: Database, found: Wanted) -> AsyncIterator[bytes]:
    """Each read for itself, so that a slow reader of the file holds no connection."""
    yield csv_lines([NAMES])
    before = None
    while True:
        async with database.reading() as connection:
            entries = await latest_entries(connection, found, AT_ONCE, before)
        yield csv_lines([_cell(entry[name]) for name in NAMES] for entry in entries)
        if len(entries) < AT_ONCE:
            return
        before = entries[-1]["id"]


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str):
        return guarded(value.value if isinstance(value, Enum) else value)
    return str(msgspec.to_builtins(value))
