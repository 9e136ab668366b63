"""A resource in the OpenAPI document: what FastAPI cannot read from signatures."""

from typing import Any

from pydantic import BaseModel, create_model

from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.fields import ResourceField
from opsroom.core.resources.filters import DEFAULT_SIZE, MOST_PAGE, MOST_SIZE, filter_parameters
from opsroom.core.resources.page import Page
from opsroom.core.resources.patching import narrowed

MEANING = {
    "eq": "equal to",
    "ne": "not equal to; null is not equal to anything",
    "in": "one of, separated by commas",
    "gt": "greater than",
    "gte": "at least",
    "lt": "less than",
    "lte": "at most",
    "icontains": "contains, in capitals or small letters",
    "startswith": "starts with",
    "isnull": "is null, or is not",
    "contains": "has this element, or all of this JSON array or object, at its top level",
}
PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "RFC 9457. Members beyond these tell more about some codes.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": ["string", "null"]},
    },
    "required": ["type", "title", "status", "code", "detail", "request_id"],
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "the ETag last seen; 412 if the record has changed since",
    "schema": {"type": "string"},
}
ETAG = {"ETag": {"description": "the record's version, for If-Match", "schema": {"type": "string"}}}


def problem(sentence: str) -> dict[str, Any]:
    return {"description": sentence, "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}}}


def page_model(resource: Resource) -> type[BaseModel]:
    """A page of whole records, or of narrowed ones as `fields=` makes them."""
    items: Any = resource.read | narrowed(resource.read)
    made: type[BaseModel] = create_model(f"{resource.read.__name__.removesuffix('Read')}Page", __base__=Page[items])
    return made


def path_parameters(resource: Resource, *, item: bool) -> list[dict[str, Any]]:
    found = [] if resource.parent is None else path_parameters(resource.parent.resource, item=True)
    if item:
        by_key = "" if resource.key == "id" else f", or its {resource.key}"
        schema = {"type": "string", "format": "uuid"} if resource.key == "id" else {"type": "string"}
        found.append({
            "in": "path",
            "name": resource.path_parameter,
            "required": True,
            "description": f"id of the {resource.words}{by_key}",
            "schema": schema,
        })  # fmt: skip
    return found


def list_parameters(resource: Resource) -> list[dict[str, Any]]:
    orderable = [field.name for field in resource.fields.values() if field.orderable]
    directions = [*orderable, *(f"-{name}" for name in orderable)]
    controls = [
        _query("page", {"type": "integer", "minimum": 1, "maximum": MOST_PAGE, "default": 1}, "from 1"),
        _query("size", {"type": "integer", "minimum": 1, "maximum": MOST_SIZE, "default": DEFAULT_SIZE}, "of a page"),
        _query("cursor", {"type": "string"}, "`next_cursor` of the page before; costs the same at any depth"),
        _query("order", _several({"enum": directions}), f"default: {','.join(resource.order)}; ties go by id"),
        _query("fields", _several({"enum": list(resource.shown)}), "show only these"),
        _query("total", {"type": "boolean"}, "whether to count; by default yes, except after a cursor"),
    ]
    if resource.search:
        where = ", ".join(resource.search)
        controls.append(_query("q", {"type": "string"}, f"words that must each occur in one of: {where}"))
    filters = filter_parameters(resource).items()
    return controls + [_query(name, _schema(*each), f"{each[0].name} {MEANING[each[1]]}") for name, each in filters]


def _query(name: str, schema: dict[str, Any], meaning: str) -> dict[str, Any]:
    described = {"in": "query", "name": name, "required": False, "description": meaning, "schema": schema}
    return {**described, "style": "form", "explode": False} if schema.get("type") == "array" else described


def _several(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", **schema}}


def _schema(field: ResourceField, operator: str) -> dict[str, Any]:
    if operator == "isnull":
        return {"type": "boolean"}
    if operator == "contains":
        return {"type": "string"}
    schema = field.adapter.json_schema()
    schema.pop("title", None)
    return {"type": "array", "items": schema} if operator == "in" else schema
