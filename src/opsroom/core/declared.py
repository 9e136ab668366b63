"""The core's own resources."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.artifacts.resources import ARTIFACTS, RULES
from opsroom.core.audit.events import record
from opsroom.core.auth.actions import end_sessions
from opsroom.core.auth.models import User
from opsroom.core.auth.passwords import hash_password
from opsroom.core.auth.schemas import UserCreate, UserRead
from opsroom.core.auth.trail import PASSWORD_CHANGED, ROLE_GRANTED
from opsroom.core.errors import Forbidden
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.schemas import JobRead
from opsroom.core.reports.access import readable
from opsroom.core.reports.models import Report
from opsroom.core.reports.schemas import ReportRead
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.schedules.resources import LETTERS, SCHEDULES
from opsroom.core.shapes import patch_of
from opsroom.core.webhooks.resources import DELIVERIES, ENDPOINTS


async def _prepare_user(
    session: AsyncSession, actor: Actor, values: dict[str, Any], user_id: UUID | None
) -> dict[str, Any]:
    """The password is stored as its hash only; a new one ends every sign-in made with the old one."""
    if user_id is not None and not actor.is_superuser and (await session.get_one(User, user_id)).is_superuser:
        raise Forbidden("Only a superuser may change a superuser.", code="superuser_only")
    granted = {name: values[name] for name in ("role", "is_active") if name in values}
    if granted:
        subject = ("users", user_id) if user_id else None
        await record(session, ROLE_GRANTED, subject, username=values.get("username"), **granted)
    if "password" not in values:
        return values
    if user_id is not None:
        await record(session, PASSWORD_CHANGED, ("users", user_id))
        await end_sessions(session, user_id, "password changed")
    rest = {name: value for name, value in values.items() if name != "password"}
    return {**rest, "password_hash": await hash_password(values["password"])}


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
        columns=("username", "email", "role", "is_active", "is_superuser", "last_login"),
        aside="people/aside.html",
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

RESOURCES = (USERS, JOBS, REPORTS, SCHEDULES, LETTERS, ARTIFACTS, RULES, ENDPOINTS, DELIVERIES)
