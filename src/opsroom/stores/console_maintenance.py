"""`/console/stores/maintenance`: the calendar of maintenance, and declaring some, also afterwards."""

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.clock import now
from opsroom.core.console.forms import errors_of
from opsroom.core.console.render import render, see_other
from opsroom.core.console.viewer import viewer_of
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import NotFound
from opsroom.core.resources.crud import create_item, delete_item
from opsroom.stores.maintenance.calendar import sheet_of
from opsroom.stores.maintenance.models import MaintenanceWindow
from opsroom.stores.maintenance.resources import MAINTENANCE
from opsroom.stores.maintenance.schemas import MaintenanceCreate
from opsroom.stores.models import Store

router = APIRouter(prefix="/console/stores/maintenance", include_in_schema=False)

PATH = "/console/stores/maintenance"
MONTH = r"^[12]\d{3}-(0[1-9]|1[0-2])$"
SHOWN = 200
REPEATS = (
    ("", "once"),
    ("FREQ=DAILY", "every day"),
    ("FREQ=WEEKLY", "every week, on the weekday of the start"),
    ("FREQ=WEEKLY;INTERVAL=2", "every second week"),
    ("FREQ=MONTHLY", "every month, on the day of the start"),
)


@router.get("", name="console_stores_maintenance", dependencies=[allow("stores.maintenance.read")])
async def maintenance(
    request: Request, connection: Reading, month: Annotated[str, Query(pattern=MONTH)] = ""
) -> Response:
    return await _page(request, connection, _month(request, month))


@router.post("", name="console_stores_maintenance_declare")
async def declare(
    request: Request,
    session: Unit,
    database: TheDatabase,
    actor: Annotated[Actor, allow("stores.maintenance.write")],
) -> Response:
    async with request.form() as form:
        sent = {name: str(value).strip() for name, value in form.items()}
    try:
        window = MaintenanceCreate.model_validate(_values(sent))
        await create_item(session, MAINTENANCE, window.model_dump(), actor)
    except ValidationError as error:
        errors = errors_of(error)
    except NotFound as refusal:
        errors = {"store_id": refusal.sentence}
    else:
        return see_other(f"{PATH}?month={window.start_local:%Y-%m}", "Declared; every figure leaves that time out.")
    async with database.reading() as connection:
        return await _page(request, connection, _month(request, ""), sent, errors)


@router.post("/{window_id}/withdraw", name="console_stores_maintenance_withdraw")
async def withdraw(
    window_id: UUID, session: Unit, actor: Annotated[Actor, allow("stores.maintenance.write")]
) -> Response:
    await delete_item(session, MAINTENANCE, window_id, actor)
    return see_other(PATH, "Withdrawn; that time counts again.")


async def _page(
    request: Request,
    connection: AsyncConnection,
    month: date,
    sent: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    async with AsyncSession(connection) as session:
        query = select(MaintenanceWindow, Store.external_id).outerjoin(Store, Store.id == MaintenanceWindow.store_id)
        rows = (await session.execute(query.order_by(MaintenanceWindow.id.desc()).limit(SHOWN))).all()
        session.expunge_all()
    return render(
        request,
        "stores/maintenance.html",
        status=422 if errors else 200,
        sheet=sheet_of([window for window, _ in rows], month),
        today=now().astimezone(viewer_of(request).zone).date(),
        before=f"{month - timedelta(days=1):%Y-%m}",
        after=f"{month + timedelta(days=31):%Y-%m}",
        windows=rows,
        repeats=REPEATS,
        sent=sent or {},
        errors=errors or {},
    )


def _month(request: Request, text: str) -> date:
    return date.fromisoformat(f"{text}-01") if text else now().astimezone(viewer_of(request).zone).date().replace(day=1)


def _values(sent: dict[str, str]) -> dict[str, Any]:
    """The form as the shape takes it: empty is nothing, and the repetition picked or written out."""
    given: dict[str, Any] = {name: value for name, value in sent.items() if value and name != "repeat"}
    rule = given.get("recurrence") or sent.get("repeat")
    return given | ({"recurrence": rule} if rule else {})
