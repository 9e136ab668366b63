"""The routes of a resource. Each declares its permission, and none goes through the ORM."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from opsroom.core.answers import file_response, is_known, item_response, json_response, seen_versions
from opsroom.core.audit.events import record
from opsroom.core.audit.history import HistoryAsked
from opsroom.core.auth.guards import answer_directly
from opsroom.core.db.asked import one_of
from opsroom.core.db.filters import PLACING, listing_of, pairs_of, parse_listing
from opsroom.core.db.session import Unit
from opsroom.core.errors import Invalid
from opsroom.core.jobs.models import Job
from opsroom.core.jobs.queue import TheQueue
from opsroom.core.resources import crud
from opsroom.core.resources.calls import Call, after, calling
from opsroom.core.resources.changes import change_items
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.describe import VERBS, body_shape, operation
from opsroom.core.resources.direct import create_directly, created, update_directly
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
            call = calling(resource, "read" if VERBS[verb].method == "GET" else "write")
            called = Annotated[Call, Depends(call, scope="function")]
            endpoint = _typed(ENDPOINTS[verb], call=called, body=body_shape(resource, verb))
            router.add_api_route(endpoint=endpoint, **operation(resource, verb))
            if verb in DIRECT:
                answer_directly(router.routes[-1], after(call, DIRECT[verb]))
    return router


def _typed(function: Endpoint, **kinds: Any) -> Endpoint:
    """The same function for the framework, which reads from annotations what to call it with."""

    @wraps(function)
    async def typed(**given: Any) -> Any:
        return await function(**given)

    found = inspect.signature(function)
    known = [each.replace(annotation=kinds.get(name, each.annotation)) for name, each in found.parameters.items()]
    vars(typed)["__signature__"] = found.replace(parameters=known)  # where `inspect` looks first
    return typed


async def list_items(call: Call) -> Response:
    listing = parse_listing(call.resource.view, call.request.scope["query_string"])
    return json_response(await crud.get_items(call.database, call.resource, listing, call.actor, call.parent_id))


async def read_item(call: Call) -> Response:
    item = await crud.get_item(call.database, call.resource, call.key, call.actor, call.parent_id)
    if is_known(call.request, item):
        return Response(status_code=304, headers={"ETag": f'"{item.version}"'})
    return item_response(item)


async def read_history(call: Call, asked: Annotated[HistoryAsked, Query()]) -> Response:
    size, after_id = asked.size, asked.cursor
    page = await crud.get_history(call.database, call.resource, call.key, *call.place, size=size, after_id=after_id)
    return json_response(page)


# In these the actor stands before the session: who may not write opens no transaction.


async def export_items(call: Call, session: Unit, blobs: TheBlobs) -> Response:
    asked = pairs_of(call.request.scope["query_string"])
    kind = one_of("as", Kind, asked.pop("as", Kind.CSV))
    listing = listing_of(call.resource.view, asked, refused=PLACING)
    await record(session, EXPORTED, None, list=call.resource.several, kind=kind, query=call.request.url.query)
    pieces = export(call.database, call.resource, listing, kind, blobs.scratch, call.place)
    return await file_response(pieces, MEDIA_TYPES[kind], f"{call.resource.several}.{kind}")


async def import_items(
    call: Call, asked: Annotated[ImportAsked, Query()], session: Unit, blobs: TheBlobs, queue: TheQueue
) -> Response:
    kind = kind_of(call.request.headers.get("content-type", ""))
    path = await blobs.receive(call.request.stream(), LARGEST)
    done = await take_file(session, queue, blobs, call.resource, path=path, kind=kind, asked=asked, place=call.place)
    if isinstance(done, Job):
        return json_response({"job_id": done.id}, 202, {"Location": f"/api/v1/jobs/{done.id}"})
    if not done.applied and not asked.dry_run:
        raise Invalid("Nothing was imported: the file has bad rows, which `errors` names.", **done.model_dump())
    return json_response(done.model_dump())


async def create_item(call: Call, body: Any, session: Unit) -> Response:
    return created(call, await crud.create_item(session, call.resource, body.model_dump(), *call.place))


async def change_items_at_once(call: Call, body: Any, session: Unit) -> Response:
    return json_response(await change_items(session, call.resource, body, *call.place))


async def update_item(call: Call, body: Any, session: Unit) -> Response:
    given, seen = body.model_dump(exclude_unset=True), seen_versions(call.request)
    return item_response(await crud.update_item(session, call.resource, call.key, given, *call.place, versions=seen))


async def put_item(call: Call, body: Any, session: Unit) -> Response:
    given, seen = body.model_dump(), seen_versions(call.request)
    actor, parent_id = call.place
    item, is_new = await crud.put_item(
        session, call.resource, call.key, given, actor, versions=seen, parent_id=parent_id
    )
    return item_response(item, 201 if is_new else 200)


async def delete_item(call: Call, session: Unit) -> None:
    await crud.delete_item(session, call.resource, call.key, *call.place, versions=seen_versions(call.request))


ENDPOINTS: dict[str, Endpoint] = {
    "list": list_items,
    "export": export_items,
    "import": import_items,
    "read": read_item,
    "history": read_history,
    "create": create_item,
    "change": change_items_at_once,
    "update": update_item,
    "put": put_item,
    "delete": delete_item,
}
DIRECT = {"list": list_items, "read": read_item, "create": create_directly, "update": update_directly}
