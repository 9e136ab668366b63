"""stores

Revision: f98885ed9335
After: 5e60411a21bc

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "f98885ed9335"
down_revision: str | None = "5e60411a21bc"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


SITE_SEQUENCE = "stores_site_seq"


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE SEQUENCE {SITE_SEQUENCE}")
    op.create_table(
        "store_observations",
        sa.Column("site", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("seen BETWEEN 1 AND 3", name=op.f("ck_store_observations_seen")),
        sa.PrimaryKeyConstraint("site", "observed_at", name=op.f("pk_store_observations")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stores",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("site", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("group", sa.String(length=100), nullable=True),
        sa.Column(
            "tags", sa.JSON().with_variant(JSONB(), "postgresql"), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stores")),
        sa.UniqueConstraint("external_id", name=op.f("uq_stores_external_id")),
        sa.UniqueConstraint("site", name=op.f("uq_stores_site")),
    )
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stores_group"), ["group"], unique=False)

    op.create_table(
        "business_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("day_of_week", sa.SmallInteger(), nullable=False),
        sa.Column("start_time_local", sa.Time(), nullable=False),
        sa.Column("end_time_local", sa.Time(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("day_of_week BETWEEN 0 AND 6", name=op.f("ck_business_hours_day_of_week")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_business_hours_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_hours")),
        sa.UniqueConstraint(
            "store_id", "day_of_week", "start_time_local", "end_time_local", name="uq_business_hours_shift"
        ),
    )
    op.create_table(
        "observation_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("status", "hours", "zones", name="filekind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "complete",
                "failed",
                name="importstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("mapping", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("columns", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), nullable=True),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=True),
        sa.Column("rows_added", sa.BigInteger(), nullable=True),
        sa.Column("rejected", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("artifact_id", sa.Uuid(), nullable=False),
        sa.Column("rejects_artifact_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(length=150), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_observation_imports_sha256")),
        sa.ForeignKeyConstraint(
            ["artifact_id"], ["artifacts.id"], name=op.f("fk_observation_imports_artifact_id_artifacts")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_observation_imports_job_id_jobs"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["rejects_artifact_id"],
            ["artifacts.id"],
            name=op.f("fk_observation_imports_rejects_artifact_id_artifacts"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_observation_imports_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation_imports")),
    )
    with op.batch_alter_table("observation_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_observation_imports_artifact_id"), ["artifact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_observation_imports_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_observation_imports_kind_sha256", ["kind", "sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_observation_imports_rejects_artifact_id"), ["rejects_artifact_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_observation_imports_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("observation_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_observation_imports_user_id"))
        batch_op.drop_index(batch_op.f("ix_observation_imports_rejects_artifact_id"))
        batch_op.drop_index("ix_observation_imports_kind_sha256")
        batch_op.drop_index(batch_op.f("ix_observation_imports_job_id"))
        batch_op.drop_index(batch_op.f("ix_observation_imports_artifact_id"))

    op.drop_table("observation_imports")
    op.drop_table("business_hours")
    with op.batch_alter_table("stores", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stores_group"))

    op.drop_table("stores")
    op.drop_table("store_observations")
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"DROP SEQUENCE {SITE_SEQUENCE}")
