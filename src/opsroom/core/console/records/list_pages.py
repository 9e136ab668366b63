"""The page of a list, and the columns that somebody chose for it."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import list_path, route_path
from opsroom.core.console.preferences import A_YEAR
from opsroom.core.console.records import asked
from opsroom.core.console.records.listing import Table, columns_of, read_table
from opsroom.core.console.records.place import Place, place_of
from opsroom.core.console.records.values import shown_fields
from opsroom.core.console.render import render, see_other
from opsroom.core.db.filters import PLACING
from opsroom.core.errors import Invalid
from opsroom.core.resources.declaration import Resource


def add_list(router: APIRouter, resource: Resource) -> None:
    may_read = allow(f"{resource.permission}.read")
    path = route_path(resource)

    async def records(request: Request, actor: Annotated[Actor, may_read]) -> Response:
        place = await place_of(request, resource, actor)
        # An empty input of a form asks for nothing; empty text itself is asked for as `name__in=`.
        query = {name: text for name, text in request.query_params.items() if text != ""}
        if asked.ADD in query:
            return see_other(f"{place.path}?{asked.added(query, place.zone, resource)}")
        return await _page(request, place, query)

    async def choose_columns(request: Request, actor: Annotated[Actor, may_read]) -> Response:
        place = await place_of(request, resource, actor)
        async with request.form() as form:
            chosen = [str(name) for name in form.getlist("column") if name in shown_fields(resource)]
            back = str(form.get("query", ""))
        response = see_other(f"{place.path}?{back}" if back else place.path)
        response.set_cookie(
            _cookie(resource), ".".join(chosen), max_age=A_YEAR if chosen else 0, path=_cookie_path(resource),
            httponly=True, samesite="lax",
        )  # fmt: skip
        return response

    router.add_api_route(path, records, methods=["GET"], name=f"console_list_{resource.several}")
    router.add_api_route(
        f"{path}/columns", choose_columns, methods=["POST"], name=f"console_columns_{resource.several}"
    )


def kept_columns(request: Request, resource: Resource) -> Sequence[str]:
    return [name for name in request.cookies.get(_cookie(resource), "").split(".") if name]


async def _page(request: Request, place: Place, query: dict[str, str]) -> Response:
    resource, chosen = place.resource, kept_columns(request, place.resource)
    table: Table | None = None
    refusal = ""
    try:
        table = await read_table(place.names, resource, query, place.zone, chosen, place.parent_id)
    except Invalid as error:
        refusal = error.sentence
    columns = table.chosen if table else columns_of(resource, chosen)
    shown = {"fields": ",".join(columns)} if chosen and "fields" not in query else {}
    values: dict[str, Any] = {
        "table": table,
        "refusal": refusal,
        "query": query,
        "set_filters": asked.set_filters(resource, query, place.zone),
        "groups": asked.chip_groups(resource, tuple(columns), query),
        "more_filters": asked.more_filters(resource),
        "fields": shown_fields(resource),
        "columns": columns,
        "is_narrowed": bool(query.keys() - {"order", "size", "fields", *asked.PLACE}),
        "first_page": asked.changed(query, {}),
        "export_query": urlencode({**{name: text for name, text in query.items() if name not in PLACING}, **shown}),
        "api_query": urlencode(query | shown),
    }
    return render(request, "records/list.html", status=422 if refusal else 200, **place.values(), **values)


def _cookie(resource: Resource) -> str:
    return f"opsroom_columns_{resource.several}"


def _cookie_path(resource: Resource) -> str:
    """Sent with the requests of this list only; those of a nested one share a path above all of its parents."""
    return list_path(resource.parent.resource if resource.parent else resource)
