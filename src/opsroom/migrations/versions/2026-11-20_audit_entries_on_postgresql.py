"""audit: on PostgreSQL the view checks action and level

Revision: d30a6240647a
After: 68aea46c09bf

PostgreSQL reads and prepares a check constraint anew for each statement, which was a fifth of what an entry of the
trail costs. Table triggers write constants; events come in through `audit_log`, whose function refuses what is unknown.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d30a6240647a"
down_revision: str | None = "68aea46c09bf"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
lint_accepts: dict[str, str] = {
    "ban-drop-constraint": "old code goes on as before: the functions that write are the database's own",
    "constraint-missing-not-valid": "on the way back only",
}

CHECKED = {
    "action": ("create", "update", "delete", "access", "sign", "configure"),
    "level": ("debug", "info", "warning", "error", "critical"),
}


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for column in CHECKED:
            op.drop_constraint(op.f(f"ck_audit_entries_{column}"), "audit_entries", type_="check")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for column, values in CHECKED.items():
            condition = f"{column} IN ({', '.join(map(repr, values))})"
            op.create_check_constraint(op.f(f"ck_audit_entries_{column}"), "audit_entries", condition)
