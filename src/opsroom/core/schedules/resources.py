"""Schedules and letters, declared. What may be written is checked against the declared report types, in `actions`."""

from sqlalchemy import ColumnElement, select

from opsroom.core.actor import Actor
from opsroom.core.reports.access import readable
from opsroom.core.reports.models import Report
from opsroom.core.resources.declaration import Resource
from opsroom.core.schedules.models import ReportLetter, ReportSchedule
from opsroom.core.schedules.schemas import LetterRead, ScheduleRead


def _of_readable_types(actor: Actor) -> ColumnElement[bool] | None:
    return None if actor.is_superuser else ReportSchedule.permission.in_(sorted(actor.permissions))


def _of_readable_reports(actor: Actor) -> ColumnElement[bool] | None:
    rule = readable(actor)
    return None if rule is None else ReportLetter.report_id.in_(select(Report.id).where(rule))


SCHEDULES = Resource(
    model=ReportSchedule,
    prefix="/api/v1/report-schedules",
    tags=("reports",),
    read=ScheduleRead,
    permission="reports.schedules",
    search=("name", "type", "owner"),
    visible_to=_of_readable_types,
)

LETTERS = Resource(
    model=ReportLetter,
    prefix="/api/v1/report-letters",
    tags=("reports",),
    read=LetterRead,
    permission="reports.schedules",
    search=("subject", "recipient"),
    visible_to=_of_readable_reports,
)
