"""A form for any declared shape: fields from its JSON schema, and back from what a browser sends."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError


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


def fields_of(
    shape: type[BaseModel], given: Mapping[str, str], zone: ZoneInfo, errors: Mapping[str, str] | None = None
) -> list[Field]:
    """given: what the person typed already, else the declared defaults stand; zone: of instants without an offset"""
    schema = shape.model_json_schema()
    required = frozenset(schema.get("required", ()))
    found = []
    for name, declared in schema.get("properties", {}).items():
        core = _core(declared, schema)
        kind = _kind(core)
        hint = declared.get("description", "")
        found.append(
            Field(
                name=name,
                label=name.replace("_", " ").capitalize(),
                kind=kind,
                value=_typed(given.get(name, ""), kind, zone) if given else _text(declared.get("default")),
                options=_options(core, declared) if kind == "select" else (),
                hint=f"{hint} ({zone.key} time)".strip() if kind == "datetime-local" else hint,
                error=(errors or {}).get(name, ""),
                required=name in required and kind != "checkbox",
            )
        )
    return found


def values_from(shape: type[BaseModel], sent: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """What to validate: empty fields are left to their defaults, checkboxes that were not sent are off."""
    schema = shape.model_json_schema()
    found: dict[str, Any] = {}
    for name, declared in schema.get("properties", {}).items():
        core = _core(declared, schema)
        text = sent.get(name, "").strip()
        if core.get("type") == "boolean":
            found[name] = text == "true"
        elif text:
            found[name] = _value(core, text, zone)
    return found


def errors_of(error: ValidationError) -> dict[str, str]:
    """The first complaint about each field."""
    found: dict[str, str] = {}
    for item in error.errors():
        found.setdefault(str(item["loc"][0]) if item["loc"] else "", item["msg"])
    return found


def _core(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part that says the type: behind a reference, or beside null."""
    for part in declared.get("anyOf", ()):
        if part.get("type") != "null":
            return _core(part, schema)
    if "$ref" in declared:
        found: Mapping[str, Any] = schema["$defs"][declared["$ref"].rpartition("/")[2]]
        return found
    return declared


def _kind(core: Mapping[str, Any]) -> str:
    if "enum" in core:
        return "select"
    by_format = {"date-time": "datetime-local", "date": "date"}
    by_type = {"boolean": "checkbox", "integer": "number", "number": "number", "object": "textarea"}
    return by_format.get(core.get("format", "")) or by_type.get(core.get("type", ""), "text")


def _options(core: Mapping[str, Any], declared: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The values, and an empty one where nothing may be chosen."""
    values = tuple((str(value), str(value)) for value in core["enum"])
    return (("", "none"), *values) if "default" in declared and declared["default"] is None else values


def _value(core: Mapping[str, Any], text: str, zone: ZoneInfo) -> Any:
    if core.get("type") == "array":
        return [part.strip() for part in text.split(",") if part.strip()]
    if core.get("type") == "object":
        return _json(text)
    if core.get("format") == "date-time":
        return _instant(text, zone)
    return text


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


def _typed(text: str, kind: str, zone: ZoneInfo) -> str:
    """As an input takes it back: an instant loses its offset, which browsers refuse, and stands in the zone."""
    found = _instant(text, zone) if kind == "datetime-local" else text
    return found if isinstance(found, str) else found.astimezone(zone).replace(tzinfo=None).isoformat()[:23]


def _text(default: Any) -> str:
    if default is None or default is False:
        return ""
    if default is True:
        return "true"
    return json.dumps(default) if isinstance(default, dict) else str(default)
