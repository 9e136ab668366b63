"""artifact tiers, retention, holds, rules

Revision: 7d2c4be1a905
After: 2dff0294353f

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7d2c4be1a905"
down_revision: str | None = "2dff0294353f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
downgrade_loses: tuple[str, ...] = (
    "artifacts.damaged_at",
    "artifacts.hold_reason",
    "artifacts.legal_hold",
    "artifacts.retain_until",
    "artifacts.tier",
    "artifacts.verified_at",
)

TYPES = ("image", "model", "dataset", "report", "log", "document")
TIERS = ("hot", "warm", "cold", "archive")
CHECK = "ck_artifacts_tier"


def upgrade() -> None:
    # As text: both engines add a column with its check so, and SQLite need not make the table anew.
    op.execute(
        "ALTER TABLE artifacts ADD COLUMN tier VARCHAR(40) DEFAULT 'hot' NOT NULL "
        f"CONSTRAINT {CHECK} CHECK (tier IN ('hot', 'warm', 'cold', 'archive'))"
    )
    op.add_column("artifacts", sa.Column("retain_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("artifacts", sa.Column("legal_hold", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("artifacts", sa.Column("hold_reason", sa.String(length=500), nullable=True))
    op.add_column("artifacts", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("artifacts", sa.Column("damaged_at", sa.DateTime(timezone=True), nullable=True))
    now = sa.text("(CURRENT_TIMESTAMP)")
    op.create_table(
        "artifact_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type", _one_of(TYPES, "artifacttype"), nullable=True),
        sa.Column("after_days", sa.Integer(), nullable=False),
        sa.Column("tier", _one_of(TIERS, "tier"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("after_days > 0", name=op.f("ck_artifact_rules_after_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact_rules")),
    )


def downgrade() -> None:
    op.drop_table("artifact_rules")
    with op.batch_alter_table("artifacts", schema=None) as batch_op:
        batch_op.drop_constraint(op.f(CHECK), type_="check")
        for column in ("damaged_at", "verified_at", "hold_reason", "legal_hold", "retain_until", "tier"):
            batch_op.drop_column(column)


def _one_of(values: Sequence[str], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
