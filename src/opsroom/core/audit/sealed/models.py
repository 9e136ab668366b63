"""What sealing keeps: the hashes of the tree in tiles, and the checkpoints that were signed.

Both can be computed again from the trail, which is what verifying does; neither is worth a line of the trail itself.
"""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from opsroom.core.audit.declaration import exempt
from opsroom.core.audit.models import Serial
from opsroom.core.db.base import Base


class AuditTile(Base):
    """Up to 256 hashes of neighbouring subtrees, in order, as in C2SP tlog-tiles: level 0 holds those of leaves, level
    L those of full subtrees of 256^L leaves. Only the last tile of a level is ever incomplete.

    hashes: 32 bytes each
    entry_ids: of level 0, the entry behind each leaf, 8 bytes each, big-endian
    first_entry, last_entry: the least and the greatest of them
    """

    __tablename__ = "audit_tiles"
    __table_args__ = ({"info": exempt("hashes of the trail")},)

    level: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    entry_ids: Mapped[bytes | None] = mapped_column(LargeBinary)
    first_entry: Mapped[int | None] = mapped_column(BigInteger)
    last_entry: Mapped[int | None] = mapped_column(BigInteger, index=True)


class AuditCheckpoint(Base):
    """A signed statement of how the trail stood.

    keys: the verifier keys of those who signed, separated by blanks
    horizon_entry, horizon_transaction: on PostgreSQL, once every transaction below the second has ended, no entry with
        an id up to the first can appear any more
    floor_entry: every entry up to it is sealed, and no other will appear
    """

    __tablename__ = "audit_checkpoints"
    __table_args__ = ({"info": exempt("signatures over the trail")},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    at: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text)
    keys: Mapped[str] = mapped_column(Text)
    horizon_entry: Mapped[int] = mapped_column(BigInteger)
    horizon_transaction: Mapped[int] = mapped_column(BigInteger)
    floor_entry: Mapped[int] = mapped_column(BigInteger)
