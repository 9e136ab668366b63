"""Deleting what was selected in a list: all of it or nothing, with one reason."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import label_of_record, route_path, title_of
from opsroom.core.console.records.place import Place, place_of
from opsroom.core.console.records.sent import WHY, read_sent
from opsroom.core.console.render import render, see_other
from opsroom.core.db.views import Condition
from opsroom.core.errors import Refusal
from opsroom.core.resources.changes import MOST_CHANGES, change_items, changes_shape
from opsroom.core.resources.declaration import Resource

Records = list[dict[str, Any]]


def add_selected(router: APIRouter, resource: Resource) -> None:
    may_write = allow(f"{resource.permission}.write")

    async def delete_selected(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        """Asks first: a form without a reason comes from the list."""
        place, sent = await place_of(request, resource, actor), await read_sent(request)
        chosen = await _chosen(place, sent.every("id"))
        if not chosen:
            return see_other(place.path, "Nothing was selected.")
        why = sent.texts.get(WHY)
        if not why:
            refusal = "" if why is None else "Say why: the reason stays in the audit trail."
            return _page(request, place, chosen, refusal)
        changes = changes_shape(resource).model_validate({"delete": [{"key": each["id"]} for each in chosen]})
        try:
            async with place.names.database.transaction() as session:
                await change_items(session, resource, changes, actor, place.parent_id)
        except Refusal as refusal:
            of = label_of_record(resource, chosen[refusal.facts.get("index", 0)])
            return _page(request, place, chosen, f"Nothing was deleted, because of {of}: {refusal.sentence}", why)
        return see_other(place.path, f"{len(chosen)} deleted.")

    router.add_api_route(
        f"{route_path(resource)}/delete-selected",
        delete_selected,
        methods=["POST"],
        name=f"console_delete_selected_{resource.several}",
    )


async def _chosen(place: Place, ids: list[str]) -> Records:
    """Those of the ids that this person may know of; the rest is not there any more, or never was."""
    values = [place.resource.view.read_key(each)[0] for each in ids[:MOST_CHANGES]]
    known = tuple(value for value in values if value is not None)
    return await place.names.records(place.resource, (Condition("id", "in", known),)) if known else []


def _page(request: Request, place: Place, chosen: Records, refusal: str = "", why: str = "") -> Response:
    return render(
        request,
        "records/delete_selected.html",
        status=422 if refusal else 200,
        **place.values(),
        chosen=[(each["id"], label_of_record(place.resource, each)) for each in chosen],
        crumbs=[*place.crumbs(), (title_of(place.resource), place.path)],
        refusal=refusal,
        why=why,
    )
