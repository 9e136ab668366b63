"""The routes of a resource. Each declares its permission, and none goes through the ORM."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.engine import Database
from opsroom.core.db.session import TheDatabase, Unit, database_of
from opsroom.core.resources import crud, describe
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.filters import parse_listing

ENTITY_TAG = re.compile(r'(?P<weak>W/)?"(?P<version>\d{1,9})"')


def router_of(resource: Resource) -> APIRouter:
    router = APIRouter(tags=list(resource.tags) or [resource.several])
    _add_list(router, resource)
    _add_get(router, resource)
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


def _add_list(router: APIRouter, resource: Resource) -> None:
    async def list_items(
        request: Request, database: TheDatabase, actor: Annotated[Actor, allow(f"{resource.permission}.read")]
    ) -> Response:
        listing = parse_listing(resource, request.scope["query_string"])
        parent_id = await _parent_id(request, database, resource, actor)
        return json_response(await crud.get_items(database, resource, listing, actor, parent_id))

    router.add_api_route(
        resource.path,
        list_items,
        methods=["GET"],
        name=f"list_{resource.several}",
        summary=_title("List", resource.several),
        response_model=describe.page_model(resource),
        responses={"4XX": describe.problem("Refused; an unknown parameter is answered with the known ones.")},
        openapi_extra={
            "parameters": [
                *describe.path_parameters(resource, item=False),
                *describe.list_parameters(resource),
            ]
        },
    )


def _add_get(router: APIRouter, resource: Resource) -> None:
    async def get_item(
        request: Request, database: TheDatabase, actor: Annotated[Actor, allow(f"{resource.permission}.read")]
    ) -> Response:
        parent_id = await _parent_id(request, database, resource, actor)
        return item_response(await crud.get_item(database, resource, _key(request, resource), actor, parent_id))

    router.add_api_route(
        resource.item_path,
        get_item,
        methods=["GET"],
        name=f"read_{resource.singular}",
        summary=_title("Read one of the", resource.several),
        response_model=resource.read,
        responses={200: {"headers": describe.ETAG}, "4XX": describe.problem("Refused, or not found.")},
        openapi_extra={"parameters": describe.path_parameters(resource, item=True)},
    )


def _add_create(router: APIRouter, resource: Resource) -> None:
    async def create_item(
        request: Request, body: Any, session: Unit, actor: Annotated[Actor, allow(f"{resource.permission}.write")]
    ) -> Response:
        parent_id = await _parent_id(request, database_of(request), resource, actor)
        item = await crud.create_item(session, resource, body.model_dump(), actor, parent_id)
        path = request.url.path.rstrip("/")
        return item_response(item, 201, {"Location": f"{path}/{item.record['id']}"} if "id" in item.record else None)

    create_item.__annotations__["body"] = resource.create
    router.add_api_route(
        resource.path,
        create_item,
        methods=["POST"],
        name=f"create_{resource.singular}",
        summary=_title("Create one of the", resource.several),
        status_code=201,
        response_model=resource.read,
        responses={
            201: {"headers": describe.ETAG},
            409: describe.problem(_conflicts(resource)),
            "4XX": describe.problem("Refused."),
        },
        openapi_extra={"parameters": describe.path_parameters(resource, item=False)},
    )


def _add_update(router: APIRouter, resource: Resource) -> None:
    async def update_item(
        request: Request, body: Any, session: Unit, actor: Annotated[Actor, allow(f"{resource.permission}.write")]
    ) -> Response:
        item = await crud.update_item(
            session,
            resource,
            _key(request, resource),
            body.model_dump(exclude_unset=True),
            actor,
            versions=seen_versions(request),
            parent_id=await _parent_id(request, database_of(request), resource, actor),
        )
        return item_response(item)

    update_item.__annotations__["body"] = resource.update
    router.add_api_route(
        resource.item_path,
        update_item,
        methods=["PATCH"],
        name=f"update_{resource.singular}",
        summary=_title("Change one of the", resource.several),
        response_model=resource.read,
        responses={
            200: {"headers": describe.ETAG},
            409: describe.problem(_conflicts(resource)),
            412: describe.problem("The record has changed since the version that If-Match names."),
            "4XX": describe.problem("Refused, or not found."),
        },
        openapi_extra={"parameters": [*describe.path_parameters(resource, item=True), describe.IF_MATCH]},
    )


def _add_delete(router: APIRouter, resource: Resource) -> None:
    async def delete_item(
        request: Request, session: Unit, actor: Annotated[Actor, allow(f"{resource.permission}.write")]
    ) -> None:
        await crud.delete_item(
            session,
            resource,
            _key(request, resource),
            actor,
            versions=seen_versions(request),
            parent_id=await _parent_id(request, database_of(request), resource, actor),
        )

    router.add_api_route(
        resource.item_path,
        delete_item,
        methods=["DELETE"],
        name=f"delete_{resource.singular}",
        summary=_title("Delete one of the", resource.several),
        status_code=204,
        responses={
            409: describe.problem("Other records refer to it."),
            412: describe.problem("The record has changed since the version that If-Match names."),
            "4XX": describe.problem("Refused, or not found."),
        },
        openapi_extra={"parameters": [*describe.path_parameters(resource, item=True), describe.IF_MATCH]},
    )


async def _parent_id(request: Request, database: Database, resource: Resource, actor: Actor) -> UUID | None:
    if resource.parent is None:
        return None
    return await crud.parent_id_of(database, resource, _key(request, resource.parent.resource), actor)


def _key(request: Request, resource: Resource) -> str:
    return str(request.path_params[resource.path_parameter])


def _title(verb: str, things: str) -> str:
    return f"{verb} {things.replace('_', ' ')}"


def _conflicts(resource: Resource) -> str:
    unique = "; ".join(", ".join(names) for names in resource.unique)
    taken = f"Another record has the same {unique}, or a" if unique else "A"
    return f"{taken} reference leads nowhere."
