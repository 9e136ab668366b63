"""Making and changing a record, by a form of its declared shape and by the same functions as the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.console.catalogue import generic_path, label_of_record, route_path, title_of
from opsroom.core.console.forms import changes_from, same_text, texts_of, values_from
from opsroom.core.console.inputs import inputs_of, label_of
from opsroom.core.console.records.place import Place, key_in, place_of
from opsroom.core.console.records.sent import (
    AGAIN,
    SEEN_AT,
    Sent,
    errors_from,
    form_fields,
    read_sent,
    resolved,
)
from opsroom.core.console.records.trail import Happening, changes_since, told
from opsroom.core.console.records.values import shown_fields
from opsroom.core.console.render import render, see_other
from opsroom.core.errors import PreconditionFailed, Refusal
from opsroom.core.resources.crud import create_item, update_item
from opsroom.core.resources.declaration import Resource

Record = dict[str, Any]


def add_create(router: APIRouter, resource: Resource, shape: type[BaseModel]) -> None:
    may_write = allow(f"{resource.permission}.write")
    path = f"{route_path(resource)}/new"

    async def ask(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        """Empty, or with what the query says filled in."""
        return await _new(request, await place_of(request, resource, actor), shape, dict(request.query_params))

    async def create(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        place, sent = await place_of(request, resource, actor), await read_sent(request)
        try:
            texts = await resolved(place, shape, sent.texts)
            body = shape.model_validate(values_from(shape, texts, sent.zone))
            # Its own transaction: a refusal that is shown in the form must leave nothing behind.
            async with place.names.database.transaction() as session:
                item = await create_item(session, resource, body.model_dump(), actor, place.parent_id)
        except (ValidationError, Refusal) as error:
            return await _new(request, place, shape, sent.texts, errors_from(error, shape))
        again = AGAIN in sent.texts
        made = {**item.record, "id": str(item.record["id"])} | (
            {resource.parent.field: place.parent_id} if resource.parent else {}
        )
        return see_other(
            f"{place.path}/new" if again else generic_path(resource, made), f"{label_of(resource.singular)} created."
        )

    router.add_api_route(path, ask, methods=["GET"], name=f"console_new_{resource.singular}")
    router.add_api_route(path, create, methods=["POST"], name=f"console_create_{resource.singular}")


def add_update(router: APIRouter, resource: Resource, shape: type[BaseModel]) -> None:
    may_write = allow(f"{resource.permission}.write")
    path = f"{route_path(resource)}/{{{resource.path_parameter}}}/edit"

    async def ask(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        place = await place_of(request, resource, actor)
        found, item = await place.item(key_in(request, resource))
        return await _edit(request, place, shape, found, item.version, texts_of(shape, found, place.zone))

    async def update(request: Request, actor: Annotated[Actor, may_write]) -> Response:
        place, sent = await place_of(request, resource, actor), await read_sent(request)
        found, item = await place.item(key_in(request, resource))
        if sent.version() != item.version:
            return await _changed_meanwhile(request, place, shape, sent)
        try:
            texts = await resolved(place, shape, sent.texts)
            changes = changes_from(shape, texts, texts_of(shape, found, sent.zone), sent.zone)
            body = shape.model_validate(changes).model_dump(exclude_unset=True)
            if body:
                async with place.names.database.transaction() as session:
                    await update_item(
                        session, resource, found["id"], body, actor, versions={item.version}, parent_id=place.parent_id
                    )
        except PreconditionFailed:
            return await _changed_meanwhile(request, place, shape, sent)
        except (ValidationError, Refusal) as error:
            errors = errors_from(error, shape)
            return await _edit(request, place, shape, found, item.version, sent.texts, errors)
        return see_other(generic_path(resource, found), "Saved." if body else "Nothing was changed.")

    router.add_api_route(path, ask, methods=["GET"], name=f"console_edit_{resource.singular}")
    router.add_api_route(path, update, methods=["POST"], name=f"console_update_{resource.singular}")


async def _new(
    request: Request,
    place: Place,
    shape: type[BaseModel],
    texts: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> Response:
    return render(
        request,
        "records/new.html",
        status=422 if errors else 200,
        **place.values(),
        fields=await form_fields(place, shape, texts, errors or {}, is_new=True),
        errors=errors or {},
        texts=texts,
        crumbs=[*place.crumbs(), (title_of(place.resource), place.path)],
    )


async def _edit(
    request: Request,
    place: Place,
    shape: type[BaseModel],
    record: Record,
    version: int,
    texts: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    meanwhile: list[Happening] | None = None,
    status: int = 200,
) -> Response:
    path, label = generic_path(place.resource, record), label_of_record(place.resource, record)
    return render(
        request,
        "records/edit.html",
        status=status if not errors or meanwhile is not None else 422,
        **place.values(),
        record=record,
        version=version,
        label=label,
        path_of_record=path,
        fields=await form_fields(place, shape, texts, errors or {}, is_new=False),
        errors=errors or {},
        texts=texts,
        meanwhile=meanwhile,
        crumbs=[*place.crumbs(), (title_of(place.resource), place.path), (label, path)],
    )


async def _changed_meanwhile(request: Request, place: Place, shape: type[BaseModel], sent: Sent) -> Response:
    """The form once more, on top of what somebody else wrote: only what this person changed is kept from it."""
    resource = place.resource
    record, item = await place.item(key_in(request, resource))
    versions = max(item.version - (sent.version() or 0), 1)
    async with place.names.database.reading() as connection:
        entries = await changes_since(connection, resource, record["id"], _seen_at(sent), versions)
    before = dict(record)
    for entry in entries:
        before |= {name: value for name, value in (entry["before"] or {}).items() if name in before}
    seen, current = (texts_of(shape, each, sent.zone) for each in (before, record))
    texts, errors = dict(current), {}
    for each in inputs_of(shape):
        mine = sent.texts.get(each.name, "").strip()
        if same_text(each, mine, seen[each.name]):
            continue
        texts[each.name] = mine
        if not same_text(each, mine, current[each.name]) and not same_text(each, current[each.name], seen[each.name]):
            errors[each.name] = f"Somebody else made this: {current[each.name] or 'empty'}"
    fields = shown_fields(resource)
    happened = [told(entry, fields, place.zone) for entry in entries]
    return await _edit(request, place, shape, record, item.version, texts, errors, happened, status=412)


def _seen_at(sent: Sent) -> datetime:
    """When what the form showed was written; without it, the beginning."""
    found = datetime.fromisoformat(sent.texts.get(SEEN_AT) or "2000-01-01T00:00:00+00:00")
    return found if found.tzinfo else found.astimezone(sent.zone)
