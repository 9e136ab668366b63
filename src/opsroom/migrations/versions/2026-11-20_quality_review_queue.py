"""quality: the review queue in the order it is read

Revision: c41f0b7de652
After: 7d2c4be1a905

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import sqlalchemy as sa
from alembic import op

revision: str = "c41f0b7de652"
down_revision: str | None = "7d2c4be1a905"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAITING = sa.text("review_status IN ('pending', 'needs_second_review', 'escalated')")
AS_READ: list[sa.TextClause | str] = [sa.text("severity_rank DESC"), sa.text("uncertainty DESC"), "created_at", "id"]
BEFORE: list[sa.TextClause | str] = ["severity_rank", "uncertainty", "created_at"]


def upgrade() -> None:
    with _no_transaction():
        _create("ix_defects_waiting", AS_READ)
        _drop("ix_defects_queue")


def downgrade() -> None:
    with _no_transaction():
        _create("ix_defects_queue", BEFORE)
        _drop("ix_defects_waiting")


def _no_transaction() -> AbstractContextManager[None]:
    """PostgreSQL makes an index beside others' writing outside of transactions only; on SQLite all is one."""
    context = op.get_context()
    return context.autocommit_block() if context.dialect.name == "postgresql" else nullcontext()


def _create(name: str, columns: list[sa.TextClause | str]) -> None:
    op.create_index(
        name, "defects", columns, postgresql_where=WAITING, sqlite_where=WAITING, postgresql_concurrently=True
    )


def _drop(name: str) -> None:
    op.drop_index(name, table_name="defects", postgresql_concurrently=True)
