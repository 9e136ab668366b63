"""report formats xlsx, html, pdf

Revision: 3b1f0a5c9e27
After: 108975b5e245

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "3b1f0a5c9e27"
down_revision: str | None = "108975b5e245"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
downgrade_loses: tuple[str, ...] = ("reports",)  # those of the formats that the constraint does not know any more
lint_accepts: dict[str, str] = dict.fromkeys(
    ("ban-drop-constraint", "constraint-missing-not-valid"),
    "it lets in more than before; no release has had the old one",
)

NAME = "ck_reports_reportformat"
BEFORE = ("csv", "json")
AFTER = ("csv", "json", "xlsx", "html", "pdf")


def upgrade() -> None:
    _replace(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM reports WHERE format NOT IN ('csv', 'json')")
    _replace(AFTER, BEFORE)


def _replace(before: Sequence[str], after: Sequence[str]) -> None:
    """SQLite makes the table anew; what it looks like is said here, for a script is written without a database."""
    with op.batch_alter_table("reports", copy_from=_reports(before)) as table:
        table.drop_constraint(op.f(NAME), type_="check")
        table.create_check_constraint(op.f(NAME), _one_of(after))


def _one_of(formats: Sequence[str]) -> str:
    return f"format IN ({', '.join(map(repr, formats))})"


def _reports(formats: Sequence[str]) -> sa.Table:
    json = sa.JSON().with_variant(JSONB(), "postgresql")
    unfinished = sa.text("status IN ('pending', 'running')")
    instant = sa.DateTime(timezone=True)
    now = sa.text("(CURRENT_TIMESTAMP)")
    return sa.Table(
        "reports",
        sa.MetaData(),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("parameters", json, nullable=False),
        sa.Column("exclusive_key", sa.String(length=120), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("artifact_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(length=150), nullable=False),
        sa.Column("as_of", instant, nullable=True),
        sa.Column("input_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("engine_version", sa.String(length=40), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("summary", json, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", instant, nullable=True),
        sa.Column("finished_at", instant, nullable=True),
        sa.Column("created_at", instant, server_default=now, nullable=False),
        sa.Column("updated_at", instant, server_default=now, nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(_one_of(formats), name=op.f(NAME)),
        sa.CheckConstraint(
            "status IN ('pending', 'running', 'complete', 'failed')", name=op.f("ck_reports_reportstatus")
        ),
        sa.ForeignKeyConstraint(
            ["artifact_id"], ["artifacts.id"], name=op.f("fk_reports_artifact_id_artifacts"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_reports_job_id_jobs"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reports_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.Index("ix_reports_artifact_id", "artifact_id"),
        sa.Index("ix_reports_job_id", "job_id"),
        sa.Index("ix_reports_type_created_at", "type", "created_at"),
        sa.Index("ix_reports_user_id", "user_id"),
        sa.Index(
            "uq_reports_exclusive_key",
            "exclusive_key",
            unique=True,
            postgresql_where=unfinished,
            sqlite_where=unfinished,
        ),
    )
