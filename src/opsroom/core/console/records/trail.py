"""What happened to a record, as its page tells it: who, when, what was before and after, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.models import Action
from opsroom.core.audit.queries import Entry, Wanted, latest_entries
from opsroom.core.console.inputs import label_of
from opsroom.core.console.records.values import Shown, cell, shown_fields
from opsroom.core.resources.declaration import Resource

PAGE = 50
VERBS = {Action.CREATE: "created", Action.UPDATE: "changed", Action.DELETE: "deleted"}
KINDS = {Action.CREATE: "up", Action.UPDATE: "held", Action.DELETE: "down"}


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: Markup
    after: Markup


@dataclass(frozen=True, slots=True)
class Happening:
    """kind: of the shape beside it; hidden: how many changed fields are not shown to anyone"""

    entry: Entry
    verb: str
    kind: str
    changes: Sequence[Change]
    hidden: int


async def history(
    connection: AsyncConnection, resource: Resource, record_id: str, zone: ZoneInfo, before: int | None = None
) -> list[Happening]:
    """Newest first, one more than a page if there are more."""
    wanted = Wanted(table_name=resource.table.name, record_id=record_id)
    entries = await latest_entries(connection, wanted, PAGE + 1, before)
    return [told(entry, shown_fields(resource), zone) for entry in entries]


async def changes_since(
    connection: AsyncConnection, resource: Resource, record_id: str, seen_at: datetime, versions: int
) -> list[Entry]:
    """The updates of a record since somebody read it, `versions` of them at most; newest first."""
    wanted = Wanted(Action.UPDATE, table_name=resource.table.name, record_id=record_id, since=seen_at)
    return await latest_entries(connection, wanted, min(versions, PAGE))


def told(entry: Entry, fields: Mapping[str, Shown], zone: ZoneInfo, *, whole: bool = False) -> Happening:
    """fields: those of the record's pages; whole: show all others too, for who may read the trail itself"""
    before, after = entry["before"] or {}, entry["after"] or {}
    names = list(dict.fromkeys([*before, *after]))
    shown = [name for name in names if whole or name in fields]
    is_row = entry["action"] in VERBS
    changes = [
        Change(
            fields[name].label if name in fields else label_of(name),
            readable(fields.get(name), before.get(name), zone),
            readable(fields.get(name), after.get(name), zone),
        )
        for name in shown
        if name != "id"
    ]
    return Happening(
        entry=entry,
        verb=VERBS[entry["action"]] if is_row else str(entry["event"]),
        kind=KINDS.get(entry["action"], "running" if entry["level"] == "info" else "waiting"),
        changes=changes if is_row else [_fact(name, value) for name, value in (entry["facts"] or {}).items()],
        hidden=len(names) - len(shown),
    )


def readable(shown: Shown | None, value: Any, zone: ZoneInfo) -> Markup:
    """A value of the trail, which keeps what stood in the database, whatever other programs put there."""
    if shown is None:
        return escape("–" if value is None else str(value)[:500])
    try:
        return cell(shown, value, zone)
    except (ValueError, TypeError, OverflowError):
        return escape(str(value))


def _fact(name: str, value: Any) -> Change:
    return Change(label_of(name), Markup(""), escape(str(value)))
