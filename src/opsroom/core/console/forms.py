"""A form for any declared shape: its fields filled in, and back from what a browser sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from opsroom.core.console.inputs import Form, Input, inputs_of


@dataclass(frozen=True, slots=True)
class Field:
    """One field as the macro `field` takes it. kind: an HTML input type, `select` or `textarea`."""

    name: str
    label: str
    kind: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    error: str = ""
    required: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


def fields_of(
    shape: type[BaseModel], given: Mapping[str, str], zone: ZoneInfo, errors: Mapping[str, str] | None = None
) -> list[Field]:
    """given: what the person typed already, else the declared defaults stand; zone: of instants without an offset"""
    return [
        Field(
            name=each.name,
            label=each.label,
            kind=each.kind,
            value=_typed(given.get(each.name, ""), each, zone) if given else each.default,
            options=each.options,
            hint=f"{each.hint} ({zone.key} time)".strip() if each.form is Form.INSTANT else each.hint,
            error=(errors or {}).get(each.name, ""),
            required=each.required,
            attributes=each.attributes,
        )
        for each in inputs_of(shape)
    ]


def values_from(shape: type[BaseModel], sent: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """What to validate: empty fields are left to their defaults, checkboxes that were not sent are off."""
    found: dict[str, Any] = {}
    for each in inputs_of(shape):
        text = sent.get(each.name, "").strip()
        if each.inside:
            found |= _object(shape, each, sent, zone) if each.inside not in found else {}
        elif each.kind == "checkbox":
            found[each.name] = text == "true"
        elif text:
            found[each.name] = _value(each, text, zone)
    return found


def changes_from(
    shape: type[BaseModel], sent: Mapping[str, str], before: Mapping[str, str], zone: ZoneInfo
) -> dict[str, Any]:
    """Only what reads otherwise than `before`, the texts of the record; an emptied field is null where it may be."""
    found: dict[str, Any] = {}
    for each in inputs_of(shape):
        text = sent.get(each.name, "").strip()
        if same_text(each, text, before.get(each.name, "")):
            continue
        if each.inside:
            found |= _object(shape, each, sent, zone) or {each.inside: None}
        elif each.kind == "checkbox":
            found[each.name] = text == "true"
        elif text:
            found[each.name] = _value(each, text, zone)
        else:
            found[each.name] = "" if each.form is Form.TEXT and not each.nullable else _nothing(each)
    return found


def texts_of(shape: type[BaseModel], record: Mapping[str, Any], zone: ZoneInfo) -> dict[str, str]:
    """A record, as JSON has it, as the texts that its form shows."""
    texts = {}
    for each in inputs_of(shape):
        holder = record.get(each.inside) if each.inside else record
        texts[each.name] = _text(each, holder.get(each.part) if isinstance(holder, Mapping) else None, zone)
    return texts


def same_text(asked: Input, one: str, other: str) -> bool:
    """Browsers write some values in their own way."""
    return _canonical(asked, one) == _canonical(asked, other)


def errors_of(error: ValidationError, shape: type[BaseModel] | None = None) -> dict[str, str]:
    """The first complaint about each field; about each part of a field where the shape's form has inputs for those."""
    parts = {each.name for each in inputs_of(shape) if each.inside} if shape else set()
    found: dict[str, str] = {}
    for item in error.errors():
        names = [str(part) for part in item["loc"]]
        dotted = ".".join(names[:2])
        name = dotted if dotted in parts else names[0] if names else ""
        found.setdefault(name, item["msg"].removeprefix("Value error, "))
    return found


def _object(shape: type[BaseModel], one: Input, sent: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """The whole object that this input is a part of, if anything of it was filled in."""
    inputs = [each for each in inputs_of(shape) if each.inside == one.inside]
    texts = {each.part: sent.get(each.name, "").strip() for each in inputs}
    if not one.always and not any(texts.values()):
        return {}
    filled = {each.part: _value(each, texts[each.part], zone) for each in inputs if texts[each.part]}
    unchecked = {each.part: False for each in inputs if each.kind == "checkbox"}
    return {one.inside: unchecked | filled}


def _value(asked: Input, text: str, zone: ZoneInfo) -> Any:
    match asked.form:
        case Form.LIST:
            return [part.strip() for part in text.split(",") if part.strip()]
        case Form.JSON:
            return _json(text)
        case Form.INSTANT:
            return _instant(text, zone)
        case Form.YES:
            return text == "true"
    return text


def _nothing(asked: Input) -> Any:
    """What an emptied field means: of a list or a document that may not be null, an empty one."""
    if asked.nullable:
        return None
    return [] if asked.form is Form.LIST else None


def _instant(text: str, zone: ZoneInfo) -> datetime | str:
    """With the viewer's zone where the text names none; what cannot be read is left for the shape to refuse."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _typed(text: str, asked: Input, zone: ZoneInfo) -> str:
    """As an input takes it back: an instant loses its offset, which browsers refuse, and stands in the zone."""
    found = _instant(text, zone) if asked.form is Form.INSTANT else text
    return found if isinstance(found, str) else found.astimezone(zone).replace(tzinfo=None).isoformat()[:23]


def _text(asked: Input, value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if asked.form is Form.YES:
        return "true" if value else "false" if asked.kind == "select" else ""
    if asked.form is Form.LIST and isinstance(value, list):
        return ", ".join(str(each) for each in value)
    if asked.form is Form.JSON:
        return json.dumps(value, indent=2, ensure_ascii=False)
    return _typed(str(value), asked, zone)


def _canonical(asked: Input, text: str) -> str:
    text = text.strip().replace("\r\n", "\n")
    try:
        if asked.kind == "datetime-local":
            return datetime.fromisoformat(text).isoformat()
        if asked.kind == "time":
            return time.fromisoformat(text).isoformat()
    except ValueError:
        return text
    return text
