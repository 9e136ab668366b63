"""stores maintenance windows

Revision: 88e586c2ba32
After: f98885ed9335

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "88e586c2ba32"
down_revision: str | None = "f98885ed9335"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "maintenance_windows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("store", "group", "all", name="scope", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("store_group", sa.String(length=100), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("start_local", sa.DateTime(), nullable=False),
        sa.Column("end_local", sa.DateTime(), nullable=False),
        sa.Column("recurrence", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(scope = 'store') = (store_id IS NOT NULL) AND (scope = 'group') = (store_group IS NOT NULL)",
            name=op.f("ck_maintenance_windows_scope_names_its_stores"),
        ),
        sa.CheckConstraint("start_local < end_local", name=op.f("ck_maintenance_windows_start_before_end")),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_maintenance_windows_store_id_stores"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_windows")),
    )
    with op.batch_alter_table("maintenance_windows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_maintenance_windows_store_id"), ["store_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("maintenance_windows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_maintenance_windows_store_id"))

    op.drop_table("maintenance_windows")
