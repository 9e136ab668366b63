"""The routes of a resource. Each declares its permission, and none goes through the ORM."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.answers import file_response, is_known, item_response, json_response, seen_versions
from opsroom.core.audit.events import record
from opsroom.core.audit.history import HistoryAsked
from opsroom.core.auth.guards import allow
from opsroom.core.db.asked import one_of
from opsroom.core.db.engine import Database
from opsroom.core.db.filters import PLACING, listing_of, pairs_of, parse_listing
from opsroom.core.db.session import Unit, alone_of, database_of
from opsroom.core.errors import Invalid
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.resources import crud
from opsroom.core.resources.changes import change_items
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.describe import VERBS, body_shape, operation
from opsroom.core.resources.jobs import LARGEST, take_file
from opsroom.core.resources.trail import EXPORTED
from opsroom.core.resources.transfer import ImportAsked, export
from opsroom.core.storage.serve import TheBlobs
from opsroom.core.tabular.reading import kind_of
from opsroom.core.tabular.writing import MEDIA_TYPES, Kind

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
    async def read_history(call: call_of, asked: Annotated[HistoryAsked, Query()]) -> Response:
        size, after_id = asked.size, asked.cursor
        page = await crud.get_history(call.database, resource, call.key, *call.place, size=size, after_id=after_id)
        return json_response(page)

    return read_history


# In these the actor stands before the session: who may not write opens no transaction.


def _export(resource: Resource, call_of: Any) -> Endpoint:
    async def export_items(call: call_of, session: Unit, blobs: TheBlobs) -> Response:
        asked = pairs_of(call.request.scope["query_string"])
        kind = one_of("as", Kind, asked.pop("as", Kind.CSV))
        listing = listing_of(resource.view, asked, refused=PLACING)
        await record(session, EXPORTED, None, list=resource.several, kind=kind, query=call.request.url.query)
        pieces = export(call.database, resource, listing, kind, blobs.scratch, call.place)
        return await file_response(pieces, MEDIA_TYPES[kind], f"{resource.several}.{kind}")

    return export_items


def _import(resource: Resource, call_of: Any) -> Endpoint:
    async def import_items(
        call: call_of, asked: Annotated[ImportAsked, Query()], session: Unit, blobs: TheBlobs, queue: TheQueue
    ) -> Response:
        kind = kind_of(call.request.headers.get("content-type", ""))
        path = await blobs.receive(call.request.stream(), LARGEST)
        done = await take_file(session, queue, blobs, resource, path=path, kind=kind, asked=asked, place=call.place)
        if isinstance(done, Job):
            return json_response({"job_id": done.id}, 202, {"Location": f"/api/v1/jobs/{done.id}"})
        if not done.applied and not asked.dry_run:
            raise Invalid("Nothing was imported: the file has bad rows, which `errors` names.", **done.model_dump())
        return json_response(done.model_dump())

    return import_items


def _create(resource: Resource, call_of: Any) -> Endpoint:
    async def create_item(call: call_of, body: Any, session: Unit) -> Response:
        item = await crud.create_item(session, resource, body.model_dump(), *call.place, alone=alone_of(call.request))
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
        place, alone = call.place, alone_of(call.request)
        item = await crud.update_item(session, resource, call.key, given, *place, versions=seen, alone=alone)
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
        await crud.delete_item(session, resource, call.key, *call.place, versions=seen_versions(call.request))

    return delete_item


ENDPOINTS: dict[str, Callable[[Resource, Any], Endpoint]] = {
    "list": _list,
    "export": _export,
    "import": _import,
    "read": _read,
    "history": _history,
    "create": _create,
    "change": _change,
    "update": _update,
    "put": _put,
    "delete": _delete,
}
