"""What the composition root hands to an app's jobs and reports when it is put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from opsroom.core.auth.roles import RolePermissions
from opsroom.core.db.engine import Database
from opsroom.core.jobs.queue import JobQueue
from opsroom.core.mail import Mailer
from opsroom.core.reports.run import Reports
from opsroom.core.storage.blobs import Blobs


@dataclass(frozen=True, slots=True)
class Parts:
    """roles: what each role may do, for work in somebody's name
    mailer: sends letters
    reports, queue: filled while the apps are put together; use them when a job runs, not before
    options: the values of all settings that are not secret, by name; an app reads its own from them
    """

    database: Database
    blobs: Blobs
    reports: Reports
    queue: JobQueue
    options: Mapping[str, Any]
    roles: RolePermissions
    mailer: Mailer


class NoPayload(BaseModel):
    """For jobs that need nothing but their type."""
