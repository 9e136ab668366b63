"""What a browser sends with the form of a record, and the refusals that go back beside its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import BaseModel, ValidationError

from opsroom.core.console.catalogue import label_of_record
from opsroom.core.console.forms import Field, errors_of, fields_of
from opsroom.core.console.inputs import inputs_of
from opsroom.core.console.records.place import Place
from opsroom.core.console.records.values import shown_fields
from opsroom.core.console.viewer import viewer_of, zones
from opsroom.core.db.origin import REASON_LIMIT, current_origin, set_origin
from opsroom.core.db.views import UUID_TEXT
from opsroom.core.errors import NotFound, Refusal
from opsroom.core.resources.crud import get_item

# No field of a shape begins with an underscore.
ZONE, WHY, VERSION, SEEN_AT, AGAIN = "_zone", "_why", "_version", "_seen_at", "_again"
MOST_OPTIONS = 100  # of a reference that is chosen from a list


@dataclass(frozen=True, slots=True)
class Sent:
    """texts: by field, as typed; zone: in which the form was written, the viewer's may have changed since
    pairs: the same with every value of fields that were sent several times
    """

    texts: Mapping[str, str]
    zone: ZoneInfo
    pairs: Sequence[tuple[str, str]] = ()

    def every(self, name: str) -> list[str]:
        return [text for each, text in self.pairs if each == name]

    def version(self) -> int | None:
        text = self.texts.get(VERSION, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def read_sent(request: Request) -> Sent:
    """The form; why somebody writes becomes part of what the trail keeps of this request."""
    async with request.form() as form:
        pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    texts = dict(pairs)
    if why := texts.get(WHY, "").strip()[:REASON_LIMIT]:
        set_origin(replace(current_origin(), reason=why))
    known = texts.get(ZONE) in zones()
    return Sent(texts, ZoneInfo(texts[ZONE]) if known else viewer_of(request).zone, pairs)


async def form_fields(
    place: Place, shape: type[BaseModel], texts: Mapping[str, str], errors: Mapping[str, str], *, is_new: bool
) -> list[Field]:
    """A shape's fields; references are chosen from a list where that is short.

    Of a record that exists, what a create asks for is marked, as it may not be emptied.
    """
    labels = place.resource.presentation.labels
    asked = place.resource.create or shape
    needed = {name for name, info in asked.model_fields.items() if info.is_required()}
    found = []
    for each in fields_of(shape, texts, place.zone, errors):
        required = each.required or (not is_new and each.name in needed and each.kind not in {"checkbox", "password"})
        shown = shown_fields(place.resource).get(each.name)
        named = replace(each, label=shown.label if shown else labels.get(each.name, each.label), required=required)
        found.append(await _referring(place, named))
    return found


async def resolved(place: Place, shape: type[BaseModel], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts, with the id of each record that somebody named by its key.

    Raises:
        NotFound: there is none.
    """
    found = dict(texts)
    for name in shape.model_fields:
        text = texts.get(name, "").strip()
        target = place.names.target(place.resource, name)
        if text and target is not None and not UUID_TEXT.fullmatch(text):
            try:
                item = await get_item(place.names.database, target, text, place.names.actor)
            except NotFound as refusal:
                raise NotFound(refusal.sentence, field=name) from None
            found[name] = str(item.record["id"])
    return found


def errors_from(error: ValidationError | Refusal, shape: type[BaseModel]) -> dict[str, str]:
    """By field; what belongs to no field of the form stands under the empty name."""
    names = {each.name for each in inputs_of(shape)}
    if isinstance(error, ValidationError):
        found = errors_of(error, shape)
        stray = [f"{name}: {text}" if name else text for name, text in found.items() if name not in names]
        return {name: text for name, text in found.items() if name in names} | ({"": "; ".join(stray)} if stray else {})
    listed: list[Any] = [*error.facts.get("fields", ()), error.facts.get("field")]
    return {name: error.sentence for name in listed if name in names} or {"": error.sentence}


async def _referring(place: Place, field: Field) -> Field:
    target = place.names.target(place.resource, field.name)
    if target is None:
        return field
    records = await place.names.records(target, size=MOST_OPTIONS + 1)
    if len(records) > MOST_OPTIONS:
        key = "id" if target.key == "id" else f"{target.key.replace('_', ' ')} or id"
        return replace(field, hint=f"{field.hint}; " * bool(field.hint) + f"the {key} of a {target.words}")
    options = tuple((each["id"], label_of_record(target, each)) for each in records)
    return replace(field, kind="select", options=(("", "choose …" if field.required else "none"), *options))
