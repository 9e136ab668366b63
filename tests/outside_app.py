"""An app from outside for tests: a package and its entry point in a folder that is put on the path."""

import textwrap
from pathlib import Path

APP = """
from opsroom.core.app import App
app = App("probe", "Probe", models="probe.models", migrations="probe.migrations")
"""
MODELS = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column
from opsroom.core.db.base import Entity

class Sensor(Entity):
    name: Mapped[str] = mapped_column(String(40), unique=True)
    user_id: Mapped["UUID"] = mapped_column(ForeignKey("users.id"), index=True)
"""
FIRST = """
import sqlalchemy as sa
from alembic import op
revision = "aaaaaaaaaaa1"
down_revision = None

def upgrade():
    op.create_table(
        "sensors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sensors_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensors")),
        sa.UniqueConstraint("name", name=op.f("uq_sensors_name")),
    )
    op.create_index("ix_sensors_user_id", "sensors", ["user_id"])

def downgrade():
    op.drop_table("sensors")
"""


def plant_app(folder: Path) -> Path:
    """The folder where the app's migrations are; `folder` belongs on PYTHONPATH."""
    _write(folder / "probe" / "__init__.py", "")
    _write(folder / "probe" / "app.py", APP)
    _write(folder / "probe" / "models.py", f"from uuid import UUID\n{MODELS}")
    _write(folder / "probe" / "migrations" / "__init__.py", "")
    versions = folder / "probe" / "migrations" / "versions"
    _write(versions / "first.py", FIRST)
    about = folder / "probe-1.0.dist-info"
    _write(about / "METADATA", "Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n")
    _write(about / "entry_points.txt", "[opsroom.apps]\nprobe = probe.app:app\n")
    return versions


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(content).lstrip("\n"))
