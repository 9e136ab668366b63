"""audit

Revision: 54077e582195
After: 88e586c2ba32

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "54077e582195"
down_revision: str | None = "88e586c2ba32"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "create",
                "update",
                "delete",
                "access",
                "sign",
                "configure",
                name="action",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "debug",
                "info",
                "warning",
                "error",
                "critical",
                name="level",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default=sa.text("'info'"),
            nullable=False,
        ),
        sa.Column("event", sa.String(length=100), nullable=True),
        sa.Column("table_name", sa.String(length=63), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("after", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("facts", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_entries_event",
            ["event"],
            unique=False,
            postgresql_where=sa.text("event IS NOT NULL"),
            sqlite_where=sa.text("event IS NOT NULL"),
        )
        batch_op.create_index("ix_audit_entries_table_name_record_id", ["table_name", "record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "audit_transactions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("database_user", sa.Text(), nullable=False),
        sa.Column("database_host", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_transactions")),
    )
    with op.batch_alter_table("audit_transactions", schema=None) as batch_op:
        batch_op.create_index("ix_audit_transactions_at", ["at"], unique=False, postgresql_using="brin")
        batch_op.create_index(batch_op.f("ix_audit_transactions_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_transactions_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    # The triggers on other tables go right after this step, in its transaction.
    op.execute("DROP VIEW audit_log")
    with op.batch_alter_table("audit_transactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_transactions_user_id"))
        batch_op.drop_index(batch_op.f("ix_audit_transactions_request_id"))
        batch_op.drop_index("ix_audit_transactions_at", postgresql_using="brin")

    op.drop_table("audit_transactions")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_transaction_id"))
        batch_op.drop_index("ix_audit_entries_table_name_record_id")
        batch_op.drop_index(
            "ix_audit_entries_event",
            postgresql_where=sa.text("event IS NOT NULL"),
            sqlite_where=sa.text("event IS NOT NULL"),
        )

    op.drop_table("audit_entries")
