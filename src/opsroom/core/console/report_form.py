"""`/console/reports/new`: a form for any declared report type, made from its parameters."""

from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.forms import errors_of, fields_of, values_from
from opsroom.core.console.render import render, see_other
from opsroom.core.console.reports import visible_types
from opsroom.core.console.viewer import viewer_of, zones
from opsroom.core.db.session import Unit
from opsroom.core.errors import Conflict, NotFound
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.reports.api import TheReports
from opsroom.core.reports.declaration import ReportType
from opsroom.core.reports.models import ReportFormat
from opsroom.core.reports.renderers import RENDERERS

router = APIRouter(prefix="/console/reports", include_in_schema=False)

# Names that no parameter of a report has.
TYPE, FORMAT, ZONE, PRIVATE = "report_type", "report_format", "written_in_zone", "report_private"

Writer = Annotated[Actor, allow("reports.write")]


@router.get("/new", name="console_report_new")
async def ask(request: Request, _actor: Writer, report_type: str = "") -> Response:
    """The form, with what the query says already filled in."""
    given = {name: value for name, value in request.query_params.items() if name != TYPE}
    return _form(request, _declared(request, report_type), given)


@router.post("", name="console_report_create")
async def create(request: Request, session: Unit, queue: TheQueue, reports: TheReports, actor: Writer) -> Response:
    async with request.form() as form:
        sent = {name: str(value) for name, value in form.items()}
    declared = _declared(request, sent.get(TYPE, ""))
    report_format = sent.get(FORMAT, "")
    try:
        parameters = declared.parameters.model_validate(
            values_from(declared.parameters, sent, _zone_of(request, sent))
        )  # fmt: skip
        report = await reports.request(
            session,
            queue,
            declared.name,
            parameters,
            ReportFormat(report_format or ReportFormat.CSV),
            actor,
            private=PRIVATE in sent,
        )
    except ValidationError as error:
        return _form(request, declared, sent, errors_of(error, declared.parameters))
    except Conflict as refusal:
        # The unfinished run is what the person wanted to see.
        return see_other(f"/console/reports/{refusal.facts.get('report_id') or ''}", refusal.sentence)
    return see_other(f"/console/reports/{report.id}")


def _declared(request: Request, name: str) -> ReportType[Any]:
    types = visible_types(request)
    if name not in types:
        raise NotFound(f"There is no report type {name!r}, or you may not ask for it.")
    return types[name]


def _form(
    request: Request,
    declared: ReportType[Any],
    given: dict[str, str],
    errors: dict[str, str] | None = None,
) -> Response:
    return render(
        request,
        "reports/new.html",
        status=422 if errors else 200,
        declared=declared,
        fields=fields_of(declared.parameters, given, viewer_of(request).zone, errors),
        formats=[(each.value, each.value.upper()) for each in RENDERERS],
        private=PRIVATE in given,
        chosen_format=given.get(FORMAT, ""),
        refusal=(errors or {}).get("", ""),
    )


def _zone_of(request: Request, sent: dict[str, str]) -> ZoneInfo:
    """The zone in which the form said it was written; the viewer's may have changed since."""
    return ZoneInfo(sent[ZONE]) if sent.get(ZONE) in zones() else viewer_of(request).zone


def query_for(type_name: str, parameters: dict[str, object]) -> str:
    """The query that fills the form like an earlier run."""
    kept = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in parameters.items()
        if value is not None
    }
    return urlencode({TYPE: type_name, **kept})
