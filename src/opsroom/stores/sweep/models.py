"""What the sweep has told, and how far it has looked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import exempt
from opsroom.core.db.base import Base, Entity

_open = text("ended_at IS NULL")


class AnnouncedIncident(Entity):
    """A downtime that others were told of. Late polls may move its start and end; the figures always come from the
    polls themselves, this says only what was told.

    followed_by: up or unknown; withdrawn when late polls or maintenance showed that there was none
    """

    __table_args__ = (
        Index("ix_announced_incidents_open", "store_id", postgresql_where=_open, sqlite_where=_open),
        Index("ix_announced_incidents_store_id_started_at", "store_id", "started_at"),
    )

    store_id: Mapped[UUID] = mapped_column(ForeignKey("stores.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    downtime_us: Mapped[int] = mapped_column(BigInteger)
    followed_by: Mapped[str | None] = mapped_column(String(20))


class SweepMark(Base):
    """seen_to: the latest poll that a sweep has looked at, microseconds UTC"""

    __tablename__ = "sweep_marks"
    __table_args__ = ({"info": exempt("a bookmark, moved every few minutes; what a sweep tells is recorded")},)

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    seen_to: Mapped[int] = mapped_column(BigInteger)
    swept_at: Mapped[datetime]
