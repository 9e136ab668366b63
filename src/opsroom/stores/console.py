"""`/console/stores/sites`: the sites, and one site's week."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.auth.guards import allow
from opsroom.core.console.render import render
from opsroom.core.db.session import Reading
from opsroom.core.storage.serve import TheBlobs
from opsroom.stores.archive.models import ArchivedSite
from opsroom.stores.asked_window import instant
from opsroom.stores.models import Store, StoreObservation
from opsroom.stores.queries import find_store
from opsroom.stores.week import ONE_DAY, week_of_store

router = APIRouter(prefix="/console/stores", include_in_schema=False)

PAGE = 50


@router.get("/sites", name="console_stores_sites", dependencies=[allow("stores.stores.read")])
async def stores(
    request: Request, connection: Reading, q: str = "", after: Annotated[str, Query(max_length=255)] = ""
) -> Response:
    """Sites by id, fifty at a time."""
    rows = await _listed(connection, q.strip(), after)
    return render(
        request,
        "stores/list.html",
        q=q,
        rows=[(row, _latest(row)) for row in rows[:PAGE]],
        next_after=rows[PAGE - 1].external_id if len(rows) > PAGE else "",
        query=dict(request.query_params),
    )


# Below a place of their own ids may be any text, words of other pages and slashes included. The shorter path is for
# links of old.
@router.get("/sites/{store_id:path}", name="console_store_week", dependencies=[allow("stores.observations.read")])
@router.get("/{store_id}", name="console_store_week_of_old", dependencies=[allow("stores.observations.read")])
async def week(
    store_id: str, request: Request, connection: Reading, blobs: TheBlobs, last: date | None = None
) -> Response:
    """The seven local days up to and including `last`; default: up to the latest poll."""
    _, external_id, zone_given = await find_store(connection, store_id)
    found = await week_of_store(connection, blobs, request.app.state.options, store_id, last)
    return render(
        request,
        "stores/week.html",
        store_id=external_id,
        zone_given=zone_given,
        week=found,
        week_before=found.days[-1].date - ONE_DAY if found else None,
        uptime=found.course.as_uptime() if found else None,
        incidents=list(reversed(found.course.as_incidents().incidents)) if found else [],
    )


def _latest(row: Any) -> datetime | None:
    known = [at for at in (row.online, row.archived) if at is not None]
    return instant(max(known)) if known else None


async def _listed(connection: AsyncConnection, words: str, after: str) -> Sequence[Any]:
    online = select(func.max(StoreObservation.observed_at)).where(StoreObservation.site == Store.site)
    archived = select(func.max(ArchivedSite.last_at)).where(ArchivedSite.site == Store.site)
    query = select(
        Store.external_id, Store.name, Store.zone, Store.group, Store.active,
        online.scalar_subquery().label("online"), archived.scalar_subquery().label("archived"),
    )  # fmt: skip
    if words:
        named = (Store.external_id.icontains(words, autoescape=True), Store.name.icontains(words, autoescape=True))
        query = query.where(or_(*named))
    if after:
        query = query.where(Store.external_id > after)
    return (await connection.execute(query.order_by(Store.external_id).limit(PAGE + 1))).all()
