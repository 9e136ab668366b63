"""quality: a model looks at an image of an inspection once

Revision: a41c7be0d5f2
After: c41f0b7de652

Nothing wrote runs before, so that no two can stand in the way of the index.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a41c7be0d5f2"
down_revision: str | None = "c41f0b7de652"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
lint_accepts: dict[str, str] = {"require-concurrent-index-creation": "nothing has written runs of models yet"}

STANDING = sa.text("status IN ('queued', 'running', 'succeeded')")


def upgrade() -> None:
    with op.batch_alter_table("inference_jobs", schema=None) as batch_op:
        batch_op.create_index(
            "uq_inference_jobs_standing",
            ["inspection_id", "input_artifact_id", "model_sha256"],
            unique=True,
            postgresql_where=STANDING,
            sqlite_where=STANDING,
        )


def downgrade() -> None:
    with op.batch_alter_table("inference_jobs", schema=None) as batch_op:
        batch_op.drop_index("uq_inference_jobs_standing", postgresql_where=STANDING, sqlite_where=STANDING)
