"""The routes of a resource. Each declares its permission, and none goes through the ORM."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.resources import crud
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.describe import operation
from opsroom.core.resources.filters import parse_listing

ENTITY_TAG = re.compile(r'(?P<weak>W/)?"(?P<version>\d{1,9})"')


def router_of(resource: Resource) -> APIRouter:
    router = APIRouter(tags=list(resource.tags) or [resource.several])
    _add_reads(router, resource)
    if resource.create is not None:
        _add_create(router, resource)
    if resource.update is not None:
        _add_update(router, resource)
    if resource.deletable and resource.writable:
        _add_delete(router, resource)
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


def _add_reads(router: APIRouter, resource: Resource) -> None:
    may_read = allow(f"{resource.permission}.read")

    async def list_items(request: Request, database: TheDatabase, actor: Annotated[Actor, may_read]) -> Response:
        listing = parse_listing(resource, request.scope["query_string"])
        parent_id = await _parent_id(request, database, resource, actor)
        return json_response(await crud.get_items(database, resource, listing, actor, parent_id))

    async def read_item(request: Request, database: TheDatabase, actor: Annotated[Actor, may_read]) -> Response:
        parent_id = await _parent_id(request, database, resource, actor)
        return item_response(await crud.get_item(database, resource, _key(request, resource), actor, parent_id))

    router.add_api_route(endpoint=list_items, **operation(resource, "list"))
    router.add_api_route(endpoint=read_item, **operation(resource, "read"))


# In these the actor stands before the session: who may not write opens no transaction.


def _add_create(router: APIRouter, resource: Resource) -> None:
    may_write = allow(f"{resource.permission}.write")

    async def create_item(
        request: Request, actor: Annotated[Actor, may_write], body: Any, session: Unit, database: TheDatabase
    ) -> Response:
        parent_id = await _parent_id(request, database, resource, actor)
        item = await crud.create_item(session, resource, body.model_dump(), actor, parent_id)
        path = request.url.path.rstrip("/")
        return item_response(item, 201, {"Location": f"{path}/{item.record['id']}"} if "id" in item.record else None)

    create_item.__annotations__["body"] = resource.create
    router.add_api_route(endpoint=create_item, **operation(resource, "create"))


def _add_update(router: APIRouter, resource: Resource) -> None:
    may_write = allow(f"{resource.permission}.write")

    async def update_item(
        request: Request, actor: Annotated[Actor, may_write], body: Any, session: Unit, database: TheDatabase
    ) -> Response:
        item = await crud.update_item(
            session,
            resource,
            _key(request, resource),
            body.model_dump(exclude_unset=True),
            actor,
            versions=seen_versions(request),
            parent_id=await _parent_id(request, database, resource, actor),
        )
        return item_response(item)

    update_item.__annotations__["body"] = resource.update
    router.add_api_route(endpoint=update_item, **operation(resource, "update"))


def _add_delete(router: APIRouter, resource: Resource) -> None:
    may_write = allow(f"{resource.permission}.write")

    async def delete_item(
        request: Request, actor: Annotated[Actor, may_write], session: Unit, database: TheDatabase
    ) -> None:
        key, seen = _key(request, resource), seen_versions(request)
        parent_id = await _parent_id(request, database, resource, actor)
        await crud.delete_item(session, resource, key, actor, versions=seen, parent_id=parent_id)

    router.add_api_route(endpoint=delete_item, **operation(resource, "delete"))


async def _parent_id(request: Request, database: Database, resource: Resource, actor: Actor) -> UUID | None:
    if resource.parent is None:
        return None
    return await crud.parent_id_of(database, resource, _key(request, resource.parent.resource), actor)


def _key(request: Request, resource: Resource) -> str:
    return str(request.path_params[resource.path_parameter])
