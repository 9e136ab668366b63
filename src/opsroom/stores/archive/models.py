"""What was moved from the table of polls to files."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import exempt
from opsroom.core.db.base import Base, Entity


class ObservationArchive(Entity):
    """One file: the polls of one calendar month (UTC) and one block of stores.

    month: its first day
    block: of stores by their site key, see `partition.py`
    first_at, last_at: the oldest and the newest poll in it, microseconds UTC
    sha256: what the file must be; the artifact it is cannot be deleted while it is referred to
    """

    __table_args__ = (
        UniqueConstraint("month", "block", name="uq_observation_archives_partition"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        CheckConstraint("first_at <= last_at AND polls > 0 AND stores > 0", name="holds_polls"),
    )

    month: Mapped[date]
    block: Mapped[int] = mapped_column(Integer)
    first_at: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[int] = mapped_column(BigInteger, index=True)
    polls: Mapped[int] = mapped_column(BigInteger)
    stores: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    artifact_id: Mapped[UUID] = mapped_column(ForeignKey("artifacts.id"), index=True)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    archived_by: Mapped[str] = mapped_column(String(150))


class ArchivedSite(Base):
    """The first and the last poll of a store in a month that was archived, so that reports need not open the file.

    month_start: microseconds UTC; with the store's block it names the archive
    """

    __tablename__ = "archived_sites"
    __table_args__ = (
        {
            "sqlite_with_rowid": False,
            "info": exempt("follows from the archive, which is recorded"),
        },
    )

    site: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    month_start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_at: Mapped[int] = mapped_column(BigInteger)
    first_seen: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[int] = mapped_column(BigInteger)
    last_seen: Mapped[int] = mapped_column(SmallInteger)
