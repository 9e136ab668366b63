"""The core's own resources."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.artifacts.resources import ARTIFACTS, RULES
from opsroom.core.audit.events import record
from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.audit.schemas import AuditEntryRead
from opsroom.core.auth.actions import RESET, end_keys, end_sign_ins, fresh_password
from opsroom.core.auth.models import ApiKey, User
from opsroom.core.auth.schemas import ApiKeyRead, UserCreate, UserRead
from opsroom.core.auth.trail import PASSWORD_CHANGED, ROLE_GRANTED
from opsroom.core.errors import Forbidden
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.schemas import JobRead
from opsroom.core.reports.access import readable
from opsroom.core.reports.models import Report
from opsroom.core.reports.schemas import ReportRead
from opsroom.core.resources.declaration import Resource, Rule
from opsroom.core.resources.presentation import Presentation
from opsroom.core.schedules.resources import LETTERS, SCHEDULES
from opsroom.core.shapes import patch_of
from opsroom.core.webhooks.resources import DELIVERIES, ENDPOINTS


async def _prepare_user(
    session: AsyncSession, actor: Actor, values: dict[str, Any], user_id: UUID | None
) -> dict[str, Any]:
    """The password is stored as its hash only; a new one ends every sign-in made with the old one, and every key."""
    if user_id is not None and not actor.is_superuser and (await session.get_one(User, user_id)).is_superuser:
        raise Forbidden("Only a superuser may change a superuser.", code="superuser_only")
    granted = {name: values[name] for name in ("role", "is_active") if name in values}
    if granted:
        subject = ("users", user_id) if user_id else None
        await record(session, ROLE_GRANTED, subject, username=values.get("username"), **granted)
    kept = {name: value for name, value in values.items() if name not in {"password", "must_change_password"}}
    must_change = values.get("must_change_password")
    if must_change is None and "password" in values:
        must_change = user_id is not None and user_id != actor.user_id
    if must_change is not None:
        kept["must_change_password"] = must_change
    if "password" not in values:
        return kept
    if user_id is not None:
        await record(session, PASSWORD_CHANGED, ("users", user_id), must_change=must_change)
        await end_sign_ins(session, user_id, RESET)
        await end_keys(session, user_id, RESET)
    return kept | await fresh_password(values["password"])


USERS = Resource(
    model=User,
    prefix="/api/v1/users",
    tags=("users",),
    read=UserRead,
    create=UserCreate,
    update=patch_of(UserCreate),
    permission="users",
    key="username",
    search=("username", "email"),
    order=("username",),
    deletable=False,  # the trail refers to people; who leaves is made inactive
    prepare=_prepare_user,
    presentation=Presentation(
        title="Who may sign in?",
        columns=("username", "email", "role", "is_active", "locked_until", "last_login"),
        aside="people/aside.html",
    ),
)


def _keys_of(actor: Actor) -> Rule:
    """One's own; those who look after people see all."""
    return None if actor.may("users.read") else ApiKey.user_id == actor.user_id


API_KEYS = Resource(
    model=ApiKey,
    prefix="/api/v1/api-keys",
    tags=("api keys",),
    read=ApiKeyRead,
    permission="keys",
    search=("name", "hint"),
    visible_to=_keys_of,
    presentation=Presentation(
        title="Which programs have keys?",
        lead="Yours are made under Your account.",
        label="name",
        columns=("name", "user_id", "hint", "expires_at", "last_used_at", "revoked_at"),
        aside="people/key.html",
        searched=False,
    ),
)

JOBS = Resource(
    model=Job,
    prefix="/api/v1/jobs",
    tags=("jobs",),
    read=JobRead,
    permission="jobs",
    search=("type", "message", "requested_by"),
    presentation=Presentation(
        title="What was worked on?",
        label="type",
        page="/console/jobs/{id}",
        listed=False,
        columns=("type", "status", "requested_by", "attempt", "created_at", "started_at", "finished_at"),
    ),
)

REPORTS = Resource(
    model=Report,
    prefix="/api/v1/reports",
    tags=("reports",),
    read=ReportRead,
    permission="reports",
    search=("type", "requested_by"),
    presentation=Presentation(title="Which reports were made?", page="/console/reports/{id}", listed=False),
    visible_to=readable,
)

AUDIT_ENTRIES = Resource(
    model=AUDIT_LOG,
    prefix="/api/v1/audit",
    name="audit_entry",
    plural="audit_entries",
    tags=("audit",),
    read=AuditEntryRead,
    permission="audit",
    counted=False,  # there are millions
    presentation=Presentation(label="event", page="/console/audit/{id}", listed=False, searched=False),
)

RESOURCES = (
    AUDIT_ENTRIES, USERS, API_KEYS, JOBS, REPORTS, SCHEDULES, LETTERS, ARTIFACTS, RULES, ENDPOINTS, DELIVERIES,
)  # fmt: skip
