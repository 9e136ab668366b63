"""report schedules

Revision: 094e92fcf5d7
After: 6e0d61eb120e

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "094e92fcf5d7"
down_revision: str | None = "6e0d61eb120e"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
downgrade_loses: tuple[str, ...] = ("reports.expires_at", "reports.permission", "reports.private")
lint_accepts: dict[str, str] = {"require-concurrent-index-creation": "no release has had reports yet"}


def upgrade() -> None:
    op.create_table(
        "report_schedules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("permission", sa.String(length=100), nullable=False),
        sa.Column(
            "format",
            sa.Enum(
                "csv",
                "json",
                "xlsx",
                "html",
                "pdf",
                name="reportformat",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("parameters", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("start_local", sa.DateTime(), nullable=False),
        sa.Column("recurrence", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recipients", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("attach", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("owner", sa.String(length=150), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_report_schedules_user_id_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedules")),
    )
    with op.batch_alter_table("report_schedules", schema=None) as batch_op:
        batch_op.create_index("ix_report_schedules_next_at", ["next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_schedules_user_id"), ["user_id"], unique=False)

    op.create_table(
        "report_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("attach", sa.Boolean(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting", "sent", "failed", name="letterstatus", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_report_letters_job_id_jobs"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_letters_report_id_reports"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["report_schedules.id"],
            name=op.f("fk_report_letters_schedule_id_report_schedules"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_letters")),
    )
    with op.batch_alter_table("report_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_letters_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_letters_report_id"), ["report_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_report_letters_schedule_id"), ["schedule_id"], unique=False)
        batch_op.create_index("ix_report_letters_status_created_at", ["status", "created_at"], unique=False)

    # Not in a batch, which would make the table anew for a default that is an expression to it.
    op.add_column("reports", sa.Column("permission", sa.String(length=100), nullable=True))
    op.add_column("reports", sa.Column("private", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("reports", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_reports_expires_at"), "reports", ["expires_at"], unique=False)
    op.execute(
        "UPDATE reports SET permission = CASE WHEN type = 'stores.sla_statement' THEN 'stores.sla.read' "
        "ELSE 'stores.reports.read' END"
    )


def downgrade() -> None:
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reports_expires_at"))
        batch_op.drop_column("expires_at")
        batch_op.drop_column("private")
        batch_op.drop_column("permission")

    with op.batch_alter_table("report_letters", schema=None) as batch_op:
        batch_op.drop_index("ix_report_letters_status_created_at")
        batch_op.drop_index(batch_op.f("ix_report_letters_schedule_id"))
        batch_op.drop_index(batch_op.f("ix_report_letters_report_id"))
        batch_op.drop_index(batch_op.f("ix_report_letters_job_id"))

    op.drop_table("report_letters")
    with op.batch_alter_table("report_schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_schedules_user_id"))
        batch_op.drop_index("ix_report_schedules_next_at")

    op.drop_table("report_schedules")
