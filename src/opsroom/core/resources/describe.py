"""A resource in the OpenAPI document: what FastAPI cannot read from signatures."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from opsroom.core.db.fields import ColumnField
from opsroom.core.db.paging import DEFAULT_SIZE, MOST_PAGE, MOST_SIZE, Page
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.filters import filter_parameters
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


class Problem(BaseModel):
    """RFC 9457. Members beyond these tell more about some codes."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None


TAKEN = {409: "A reference leads nowhere, or another record has the same {unique}."}
CHANGED = {412: "The record has changed since the version that If-Match names."}
# By verb: method, whether of one record, status, and what it may be refused for beside the usual.
VERBS: dict[str, tuple[str, bool, int, dict[int, str]]] = {
    "list": ("GET", False, 200, {}),
    "read": ("GET", True, 200, {}),
    "create": ("POST", False, 201, TAKEN),
    "update": ("PATCH", True, 200, TAKEN | CHANGED),
    "delete": ("DELETE", True, 204, {409: "Other records refer to it."} | CHANGED),
}


def operation(resource: Resource, verb: str) -> dict[str, Any]:
    """Everything about a route but its function."""
    method, of_item, status, refusals = VERBS[verb]
    unique = " or ".join(" and ".join(names) for names in resource.unique) or "id"
    responses: dict[int | str, dict[str, Any]] = {
        code: problem(why.format(unique=unique)) for code, why in refusals.items()
    }
    responses["4XX"] = problem("Refused; `detail` says why and what to do.")
    if verb not in {"list", "delete"}:
        responses[status] = {"headers": ETAG}
    parameters = path_parameters(resource, of_item=of_item)
    parameters += list_parameters(resource) if verb == "list" else []
    parameters += [IF_MATCH] if 412 in refusals else []
    one = resource.read if verb != "delete" else None
    return {
        "path": resource.item_path if of_item else resource.path,
        "methods": [method],
        "name": f"{verb}_{resource.several if verb == 'list' else resource.singular}",
        "summary": f"{verb.capitalize()} {resource.several.replace('_', ' ') if verb == 'list' else resource.words}",
        "status_code": status,
        "response_model": page_model(resource) if verb == "list" else one,
        "responses": responses,
        "openapi_extra": {"parameters": parameters},
    }


def problem(sentence: str) -> dict[str, Any]:
    schema = Problem.model_json_schema(mode="serialization")
    return {"description": sentence, "content": {"application/problem+json": {"schema": schema}}}


def page_model(resource: Resource) -> type[BaseModel]:
    """A page of whole records, or of narrowed ones as `fields=` makes them."""
    items: Any = resource.read | narrowed(resource.read)
    made: type[BaseModel] = create_model(f"{resource.read.__name__.removesuffix('Read')}Page", __base__=Page[items])
    return made


def path_parameters(resource: Resource, *, of_item: bool) -> list[dict[str, Any]]:
    found = [] if resource.parent is None else path_parameters(resource.parent.resource, of_item=True)
    if of_item:
        by_id = resource.key == "id"
        schema = {"type": "string", "format": "uuid"} if by_id else {"type": "string", "minLength": 1}
        meaning = f"id of the {resource.words}" + ("" if by_id else f", or its {resource.key}")
        found.append(_parameter("path", resource.path_parameter, schema, meaning, required=True))
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


def _parameter(
    where: str, name: str, schema: dict[str, Any], meaning: str, *, required: bool = False
) -> dict[str, Any]:
    described = {"in": where, "name": name, "required": required, "description": meaning, "schema": schema}
    return {**described, "style": "form", "explode": False} if schema.get("type") == "array" else described


def _query(name: str, schema: dict[str, Any], meaning: str) -> dict[str, Any]:
    return _parameter("query", name, schema, meaning)


def _several(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", **schema}}


def _schema(field: ColumnField, operator: str) -> dict[str, Any]:
    if operator == "isnull":
        return {"type": "boolean"}
    if operator == "contains":
        return {"type": "string"}
    schema = _value_schema(field)
    return {"type": "array", "items": schema} if operator == "in" else schema


@cache
def _value_schema(field: ColumnField) -> dict[str, Any]:
    schema = field.adapter.json_schema()
    schema.pop("title", None)
    return schema


ETAG = {"ETag": {"description": "the record's version, for If-Match", "schema": {"type": "string"}}}
IF_MATCH = _parameter("header", "If-Match", {"type": "string"}, "the ETag last seen; 412 if the record has changed")
