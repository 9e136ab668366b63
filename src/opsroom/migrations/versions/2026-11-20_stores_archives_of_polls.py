"""stores: archives of polls

Revision: 0bb6cb233239
After: 6099c77db85e

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0bb6cb233239"
down_revision: str | None = "6099c77db85e"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
downgrade_needs_empty: tuple[str, ...] = ("observation_archives",)


def upgrade() -> None:
    op.create_table(
        "archived_sites",
        sa.Column("site", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("month_start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.SmallInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "month_start", name=op.f("pk_archived_sites")),
        info={"audit_exempt": "follows from the archive, which is recorded"},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "observation_archives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.Column("stores", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("artifact_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("archived_by", sa.String(length=150), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "first_at <= last_at AND polls > 0 AND stores > 0", name=op.f("ck_observation_archives_holds_polls")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_observation_archives_sha256")),
        sa.ForeignKeyConstraint(
            ["artifact_id"], ["artifacts.id"], name=op.f("fk_observation_archives_artifact_id_artifacts")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_observation_archives_job_id_jobs"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation_archives")),
        sa.UniqueConstraint("month", "block", name="uq_observation_archives_partition"),
    )
    with op.batch_alter_table("observation_archives", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_observation_archives_artifact_id"), ["artifact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_observation_archives_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_observation_archives_last_at"), ["last_at"], unique=False)


def downgrade() -> None:
    if not op.get_context().as_sql and op.get_bind().scalar(sa.text("SELECT count(*) FROM observation_archives")):
        raise RuntimeError("Polls were archived; without this table nothing would know where they are.")
    with op.batch_alter_table("observation_archives", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_observation_archives_last_at"))
        batch_op.drop_index(batch_op.f("ix_observation_archives_job_id"))
        batch_op.drop_index(batch_op.f("ix_observation_archives_artifact_id"))

    op.drop_table("observation_archives")
    op.drop_table("archived_sites")
