"""What the composition root hands to an app's jobs and reports when it is put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from opsroom.core.db.engine import Database
from opsroom.core.storage.blobs import Blobs


@dataclass(frozen=True, slots=True)
class Parts:
    """options: the values of all settings that are not secret, by name; an app reads its own from them"""

    database: Database
    blobs: Blobs
    options: Mapping[str, Any]


class NoPayload(BaseModel):
    """For jobs that need nothing but their type."""
