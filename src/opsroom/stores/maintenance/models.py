"""Planned and declared maintenance."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.db.base import Entity
from opsroom.core.db.columns import one_of


class Scope(StrEnum):
    STORE = "store"
    GROUP = "group"
    ALL = "all"


SCOPE_NAMES_ITS_STORES = "(scope = 'store') = (store_id IS NOT NULL) AND (scope = 'group') = (store_group IS NOT NULL)"


class MaintenanceWindow(Entity):
    """Local wall time [start_local, end_local), once or repeated: not open time, so neither up nor down.

    zone: whose wall time; none means each store's own, so that "Tuesdays at two" is two o'clock everywhere
    recurrence: an RFC 5545 rule, see `recurrence`; none for a single window
    """

    __table_args__ = (
        CheckConstraint(SCOPE_NAMES_ITS_STORES, name="scope_names_its_stores"),
        CheckConstraint("start_local < end_local", name="start_before_end"),
    )

    title: Mapped[str] = mapped_column(String(200))
    scope: Mapped[Scope] = mapped_column(one_of(Scope))
    store_id: Mapped[UUID | None] = mapped_column(ForeignKey("stores.id", ondelete="CASCADE"), index=True)
    store_group: Mapped[str | None] = mapped_column(String(100))
    zone: Mapped[str | None] = mapped_column(String(64))
    start_local: Mapped[datetime] = mapped_column(DateTime)
    end_local: Mapped[datetime] = mapped_column(DateTime)
    recurrence: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(Text)
