"""Importing this registers the core's tables."""

from opsroom.core.auth.models import Session, SignInLink, User
from opsroom.core.jobs.models import Job, Worker
from opsroom.core.reports.models import Report
from opsroom.core.storage.models import Artifact

__all__ = ["Artifact", "Job", "Report", "Session", "SignInLink", "User", "Worker"]
