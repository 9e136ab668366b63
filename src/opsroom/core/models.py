"""Importing this registers the core's tables."""

from opsroom.core.audit.models import AuditEntry, AuditTransaction
from opsroom.core.audit.sealed.models import AuditCheckpoint, AuditTile
from opsroom.core.auth.models import ApiKey, Session, SignInLink, User
from opsroom.core.idempotency.models import IdempotentAnswer
from opsroom.core.jobs.models import Job, Schedule, Worker
from opsroom.core.reports.models import Report
from opsroom.core.schedules.models import ReportLetter, ReportSchedule
from opsroom.core.storage.models import Artifact, ArtifactRule
from opsroom.core.webhooks.models import WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "Artifact",
    "ArtifactRule",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditTile",
    "AuditTransaction",
    "IdempotentAnswer",
    "Job",
    "Report",
    "ReportLetter",
    "ReportSchedule",
    "Schedule",
    "Session",
    "SignInLink",
    "User",
    "WebhookDelivery",
    "WebhookEndpoint",
    "Worker",
]
