"""Sites, their hours, what was observed of them, and where that came from."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import exempt
from opsroom.core.db.base import Base, Entity
from opsroom.core.db.columns import JsonDocument, one_of
from opsroom.stores.site_key import NextSite


class FileKind(StrEnum):
    STATUS = "status"
    HOURS = "hours"
    ZONES = "zones"


class ImportStatus(StrEnum):
    PENDING = "pending"
    COMPLETE = "complete"
    FAILED = "failed"


class Store(Entity):
    """A site. `site` is its short key in the big table of observations; it never changes.

    external_id: the id that the files and the callers use; opaque text
    zone: IANA key as it was given; none or unknown means the default zone
    """

    external_id: Mapped[str] = mapped_column(String(255), unique=True)
    site: Mapped[int] = mapped_column(Integer, unique=True, default=NextSite())
    name: Mapped[str | None] = mapped_column(String(200))
    zone: Mapped[str | None] = mapped_column(String(64))
    group: Mapped[str | None] = mapped_column(String(100), index=True)
    tags: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict, server_default=text("'{}'"))
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))


class BusinessHour(Entity):
    """One shift: [start, end) on a local weekday, 0 = Monday. An end at or before the start is the next day's."""

    __table_args__ = (
        CheckConstraint("day_of_week BETWEEN 0 AND 6", name="day_of_week"),
        UniqueConstraint(
            "store_id", "day_of_week", "start_time_local", "end_time_local", name="uq_business_hours_shift"
        ),
    )

    store_id: Mapped[UUID] = mapped_column(ForeignKey("stores.id", ondelete="CASCADE"))
    day_of_week: Mapped[int] = mapped_column(SmallInteger)
    start_time_local: Mapped[time]
    end_time_local: Mapped[time]


class StoreObservation(Base):
    """What a poll saw. Narrow, clustered by site and instant, written and read in bulk only.

    observed_at: microseconds since 1970, UTC
    seen: 1 active, 2 inactive, 3 both at the same instant, which counts as inactive and as a contradiction

    There is no foreign key to `stores`: checking it would cost more than the insert, and stores are
    never deleted, only made inactive. Exempt from the audit trail row by row: each import is one entry.
    """

    __tablename__ = "store_observations"
    __table_args__ = (
        CheckConstraint("seen BETWEEN 1 AND 3", name="seen"),
        {
            "sqlite_with_rowid": False,
            "info": exempt("millions of polls; each import is one event with hash and counts"),
        },
    )

    site: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    observed_at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen: Mapped[int] = mapped_column(SmallInteger)


class ObservationImport(Entity):
    """One file that was handed in. Those handed in together share a job and take effect together.

    rows_*: read; accepted after checking; added, which were not there before
    rejected: how many rows were refused, by reason; the rows themselves are in the rejects artifact
    columns: which column of the file was taken for what
    """

    __table_args__ = (
        Index("ix_observation_imports_kind_sha256", "kind", "sha256"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    kind: Mapped[FileKind] = mapped_column(one_of(FileKind))
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[ImportStatus] = mapped_column(one_of(ImportStatus), default=ImportStatus.PENDING)
    mapping: Mapped[dict[str, Any]] = mapped_column(JsonDocument, default=dict)
    columns: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    rows_read: Mapped[int | None] = mapped_column(BigInteger)
    rows_accepted: Mapped[int | None] = mapped_column(BigInteger)
    rows_added: Mapped[int | None] = mapped_column(BigInteger)
    rejected: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument)
    artifact_id: Mapped[UUID] = mapped_column(ForeignKey("artifacts.id"), index=True)
    rejects_artifact_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("artifacts.id", ondelete="SET NULL"), index=True
    )
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    requested_by: Mapped[str] = mapped_column(String(150))
    error: Mapped[str | None] = mapped_column(Text)
    finished_at: Mapped[datetime | None]
