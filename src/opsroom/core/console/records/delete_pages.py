"""Deleting a record: what will go, and the reason that the trail keeps."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import generic_path, label_of_record, route_path, title_of
from opsroom.core.console.records.place import Place, key_in, place_of
from opsroom.core.console.records.sent import WHY, read_sent
from opsroom.core.console.render import render, see_other
from opsroom.core.errors import Refusal
from opsroom.core.resources.crud import delete_item
from opsroom.core.resources.declaration import Resource


def add_delete(router: APIRouter, resource: Resource) -> None:
    may_write = allow(f"{resource.permission}.write")
    path = f"{route_path(resource)}/{{{resource.path_parameter}}}/delete"

    async def ask(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        return await _page(request, await place_of(request, resource, actor))

    async def delete(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        place, sent = await place_of(request, resource, actor), await read_sent(request)
        found, _ = await place.item(key_in(request, resource))
        why, version = sent.texts.get(WHY, "").strip(), sent.version()
        if not why:
            return await _page(request, place, "Say why: the reason stays in the audit trail.", 422)
        try:
            async with place.names.database.transaction() as session:
                await delete_item(
                    session, resource, found["id"], actor, parent_id=place.parent_id,
                    versions=None if version is None else {version},
                )  # fmt: skip
        except Refusal as refusal:
            return await _page(request, place, refusal.sentence, refusal.status, why)
        return see_other(place.path, f"{label_of_record(resource, found)} was deleted.")

    router.add_api_route(path, ask, methods=["GET"], name=f"console_ask_delete_{resource.singular}")
    router.add_api_route(path, delete, methods=["POST"], name=f"console_delete_{resource.singular}")


async def _page(request: Request, place: Place, refusal: str = "", status: int = 200, why: str = "") -> Response:
    record, item = await place.item(key_in(request, place.resource))
    path, label = generic_path(place.resource, record), label_of_record(place.resource, record)
    values = {"record": record, "version": item.version, "label": label, "path_of_record": path}
    crumbs = [*place.crumbs(), (title_of(place.resource), place.path), (label, path)]
    return render(
        request,
        "records/delete.html",
        status=status,
        **place.values(),
        **values,
        crumbs=crumbs,
        refusal=refusal,
        why=why,
    )
