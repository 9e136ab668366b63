"""${message}

Revision: ${up_revision}
After: ${down_revision | comma,n}

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
${imports + "\n" if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}
% if loses is not UNDEFINED and loses:
# Columns whose values nobody gets back by going up again.
downgrade_loses: tuple[str, ...] = ${repr(tuple(loses))}
% endif


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
