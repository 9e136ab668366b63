"""The routes of a resource. Each declares its permission, and none goes through the ORM."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.engine import Database
from opsroom.core.db.filters import pairs_of, parse_listing, unknown_parameter, whole_number
from opsroom.core.db.paging import DEFAULT_SIZE, MOST_SIZE
from opsroom.core.db.session import Unit, database_of
from opsroom.core.resources import crud
from opsroom.core.resources.changes import change_items
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.describe import VERBS, body_shape, operation

MOST_ENTRIES = 999_999_999
ENTITY_TAG = re.compile(r'(?P<weak>W/)?"(?P<version>\d{1,9})"')

Endpoint = Callable[..., Any]


def router_of(resource: Resource) -> APIRouter:
    router = APIRouter(tags=list(resource.tags) or [resource.several])
    for verb in VERBS:
        if verb in resource.verbs:
            right = "read" if VERBS[verb].method == "GET" else "write"
            endpoint = ENDPOINTS[verb](resource, _calling(resource, right))
            if "body" in endpoint.__annotations__:
                endpoint.__annotations__["body"] = body_shape(resource, verb)
            router.add_api_route(endpoint=endpoint, **operation(resource, verb))
    return router


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(crud.to_json(content), status, headers, media_type="application/json")


def item_response(item: crud.Item, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return json_response(item.record, status, {"ETag": f'"{item.version}"', **(headers or {})})


def seen_versions(request: Request) -> set[int] | None:
    """The versions `If-Match` names; None if it is absent or `*`. Weak tags match nothing (RFC 9110, 13.1.1)."""
    header = request.headers.get("if-match", "*").strip()
    if header == "*":
        return None
    return {int(match["version"]) for match in ENTITY_TAG.finditer(header) if not match["weak"]}


def is_known(request: Request, item: crud.Item) -> bool:
    """Whether the caller has this version already; weak tags match too (RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match", "").strip()
    return header == "*" or any(int(match["version"]) == item.version for match in ENTITY_TAG.finditer(header))


@dataclass(frozen=True, slots=True)
class Call:
    """What every route of a resource begins with; `parent_id` is that of the parent a nested path names."""

    request: Request
    database: Database
    actor: Actor
    parent_id: UUID | None
    key: str

    @property
    def place(self) -> tuple[Actor, UUID | None]:
        return self.actor, self.parent_id


def _calling(resource: Resource, right: str) -> Any:
    guard = allow(f"{resource.permission}.{right}")
    parent = resource.parent

    async def call(request: Request, actor: Annotated[Actor, guard]) -> Call:
        database, names = database_of(request), request.path_params
        parent_id = None
        if parent is not None:
            parent_key = names[parent.resource.path_parameter]
            parent_id = await crud.parent_id_of(database, resource, parent_key, actor)
        return Call(request, database, actor, parent_id, names.get(resource.path_parameter, ""))

    return Annotated[Call, Depends(call, scope="function")]


def _list(resource: Resource, call_of: Any) -> Endpoint:
    async def list_items(call: call_of) -> Response:
        listing = parse_listing(resource.view, call.request.scope["query_string"])
        return json_response(await crud.get_items(call.database, resource, listing, call.actor, call.parent_id))

    return list_items


def _read(resource: Resource, call_of: Any) -> Endpoint:
    async def read_item(call: call_of) -> Response:
        item = await crud.get_item(call.database, resource, call.key, call.actor, call.parent_id)
        if is_known(call.request, item):
            return Response(status_code=304, headers={"ETag": f'"{item.version}"'})
        return item_response(item)

    return read_item


def _history(resource: Resource, call_of: Any) -> Endpoint:
    async def read_history(call: call_of) -> Response:
        asked = pairs_of(call.request.scope["query_string"])
        if unknown := asked.keys() - {"size", "cursor"}:
            raise unknown_parameter(min(unknown), ["size", "cursor"])
        size = whole_number("size", MOST_SIZE, asked.get("size", str(DEFAULT_SIZE)))
        after_id = whole_number("cursor", MOST_ENTRIES, asked["cursor"]) if "cursor" in asked else 0
        page = await crud.get_history(call.database, resource, call.key, *call.place, size=size, after_id=after_id)
        return json_response(page)

    return read_history


# In these the actor stands before the session: who may not write opens no transaction.


def _create(resource: Resource, call_of: Any) -> Endpoint:
    async def create_item(call: call_of, body: Any, session: Unit) -> Response:
        item = await crud.create_item(session, resource, body.model_dump(), *call.place)
        path = call.request.url.path.rstrip("/")
        return item_response(item, 201, {"Location": f"{path}/{item.record['id']}"})

    return create_item


def _change(resource: Resource, call_of: Any) -> Endpoint:
    async def change_items_at_once(call: call_of, body: Any, session: Unit) -> Response:
        return json_response(await change_items(session, resource, body, *call.place))

    return change_items_at_once


def _update(resource: Resource, call_of: Any) -> Endpoint:
    async def update_item(call: call_of, body: Any, session: Unit) -> Response:
        given, seen = body.model_dump(exclude_unset=True), seen_versions(call.request)
        actor, parent_id = call.place
        item = await crud.update_item(session, resource, call.key, given, actor, versions=seen, parent_id=parent_id)
        return item_response(item)

    return update_item


def _put(resource: Resource, call_of: Any) -> Endpoint:
    async def put_item(call: call_of, body: Any, session: Unit) -> Response:
        given, seen = body.model_dump(), seen_versions(call.request)
        actor, parent_id = call.place
        item, is_new = await crud.put_item(
            session, resource, call.key, given, actor, versions=seen, parent_id=parent_id
        )
        return item_response(item, 201 if is_new else 200)

    return put_item


def _delete(resource: Resource, call_of: Any) -> Endpoint:
    async def delete_item(call: call_of, session: Unit) -> None:
        actor, parent_id = call.place
        seen = seen_versions(call.request)
        await crud.delete_item(session, resource, call.key, actor, versions=seen, parent_id=parent_id)

    return delete_item


ENDPOINTS: dict[str, Callable[[Resource, Any], Endpoint]] = {
    "list": _list,
    "read": _read,
    "history": _history,
    "create": _create,
    "change": _change,
    "update": _update,
    "put": _put,
    "delete": _delete,
}
