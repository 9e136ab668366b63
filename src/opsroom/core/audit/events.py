"""Events: what the trail keeps besides changed rows, written by code in the transaction they belong to.

Names are `<area>.<thing>.<what happened>`, listed as constants in the module `trail` of their area.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, insert, null
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.audit.models import Action, Level
from opsroom.core.db.origin import storable

FACT_LIMIT = 500  # characters
GRAMMAR = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*){2}")


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    action: Action
    level: Level = Level.INFO

    def __post_init__(self) -> None:
        if not GRAMMAR.fullmatch(self.name):
            raise ValueError(f"{self.name} is no name of an event; expected area.thing.what_happened")


async def record(
    session: AsyncSession, event: Event, subject: tuple[str, UUID | str] | None = None, **facts: Any
) -> None:
    """Add an event to the trail. `subject` is a table and the id of one of its records; facts must fit JSON."""
    await session.execute(statement(event, subject, facts))


def statement(event: Event, subject: tuple[str, UUID | str] | None, facts: Mapping[str, Any]) -> Insert:
    table_name, record_id = subject or (None, None)
    return insert(AUDIT_LOG).values(
        action=event.action,
        event=event.name,
        level=event.level,
        table_name=table_name,
        record_id=None if record_id is None else str(record_id),
        facts={name: _clean(value) for name, value in facts.items()} or null(),
    )


def _clean(value: Any) -> Any:
    """What people typed may be long, or hold what the database refuses."""
    return storable(value, FACT_LIMIT) if isinstance(value, str) else value
