"""How one record came to be what it is, as those may know it who may read the record."""

from collections.abc import Container
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from opsroom.core.audit.models import Action
from opsroom.core.audit.queries import history_of
from opsroom.core.db.engine import Database
from opsroom.core.db.paging import DEFAULT_SIZE, MOST_SIZE


class HistoryAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int = Field(DEFAULT_SIZE, ge=1, le=MOST_SIZE)
    cursor: int = Field(0, ge=0, lt=1 << 63, description="`next_cursor` of the page before")


class HistoryEntry(BaseModel):
    at: datetime
    action: Action
    event: str
    user_id: UUID | None
    user_name: str = Field(description="as printed at that time")
    reason: str | None = Field(description="from the request's header X-Reason")
    before: dict[str, Any] | None = Field(description="what changed, as it was")
    after: dict[str, Any] | None = Field(description="what changed, as it became; of a new record all")
    request_id: str | None


async def history_page(
    database: Database, table_name: str, record_id: str, fields: Container[str], size: int, after_id: int
) -> dict[str, Any]:
    """From the beginning, as `Page` describes it. Only these fields are told; what is redacted stays redacted."""
    async with database.reading() as connection:
        entries = await history_of(connection, table_name, record_id, size + 1, after_id)
    further = str(entries[size - 1]["id"]) if len(entries) > size else None
    shown = [_shown(entry, fields) for entry in entries[:size]]
    return {"items": shown, "total": None, "page": None, "size": size, "pages": None, "next_cursor": further}


def _shown(entry: dict[str, Any], fields: Container[str]) -> dict[str, Any]:
    shown = {name: entry[name] for name in HistoryEntry.model_fields}
    for name in ("before", "after"):
        if entry[name] is not None:
            shown[name] = {field: value for field, value in entry[name].items() if field in fields}
    return shown
