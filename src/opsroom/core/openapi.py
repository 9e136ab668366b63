"""Parts of the OpenAPI document that FastAPI cannot read from signatures."""

from datetime import time
from functools import cache
from typing import Annotated, Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, WithJsonSchema

from opsroom.core.db.fields import ColumnField
from opsroom.core.db.filters import filter_parameters
from opsroom.core.db.paging import DEFAULT_SIZE, MOST_PAGE, MOST_SIZE
from opsroom.core.db.views import View

Schema = dict[str, Any]

# JSON Schema's own "time" is one with a zone.
ClockTime = Annotated[
    time, WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d(:\d\d(\.\d{1,6})?)?$", "examples": ["09:00:00"]})
]

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


def problem(sentence: str) -> dict[str, Any]:
    schema = Problem.model_json_schema(mode="serialization")
    return {"description": sentence, "content": {"application/problem+json": {"schema": schema}}}


def tell_of_refusals(route: APIRoute) -> None:
    """Every route may refuse, and always by a problem; FastAPI would tell of another kind of answer."""
    route.responses = {"4XX": problem("Refused; `detail` says why and what to do."), **route.responses}


def parameter(where: str, name: str, schema: Schema, meaning: str, *, required: bool = False) -> dict[str, Any]:
    described = {"in": where, "name": name, "required": required, "description": meaning, "schema": schema}
    return {**described, "style": "form", "explode": False} if schema.get("type") == "array" else described


def query(name: str, schema: Schema, meaning: str) -> dict[str, Any]:
    return parameter("query", name, schema, meaning)


def several(schema: Schema) -> Schema:
    return {"type": "array", "items": {"type": "string", **schema}}


def filter_parameter(name: str, field: ColumnField, operator: str) -> dict[str, Any]:
    if operator == "isnull":
        schema: Schema = {"type": "boolean"}
    elif operator == "contains":
        schema = {"type": "string"}
    else:
        schema = _value_schema(field)
        schema = {"type": "array", "items": schema} if operator == "in" else schema
    return query(name, schema, f"{field.name} {MEANING[operator]}")


def list_parameters(view: View) -> list[dict[str, Any]]:
    default = "yes, except after a cursor" if view.counted else "no"
    return [
        query("page", {"type": "integer", "minimum": 1, "maximum": MOST_PAGE, "default": 1}, "from 1"),
        SIZE,
        SEQUEL,
        query("total", {"type": "boolean"}, f"whether to count; by default {default}"),
        *choosing_parameters(view),
    ]


def choosing_parameters(view: View) -> list[dict[str, Any]]:
    """Which records, in which order, and what of them."""
    orderable = [each.name for each in view.fields.values() if each.orderable]
    directions = [*orderable, *(f"-{name}" for name in orderable)]
    default = ",".join(f"-{name}" if descending else name for name, descending in view.order)
    controls = [
        query("order", several({"enum": directions}), f"default: {default}; ties go by id"),
        query("fields", several({"enum": list(view.shown)}), "show only these"),
    ]
    if view.search:
        where = ", ".join(view.search)
        controls.append(query("q", {"type": "string"}, f"words that must each occur in one of: {where}"))
    filters = filter_parameters(view).items()
    return controls + [filter_parameter(name, *each) for name, each in filters]


@cache
def _value_schema(field: ColumnField) -> Schema:
    schema = field.adapter.json_schema()
    schema.pop("title", None)
    return schema


SEQUEL = query("cursor", {"type": "string"}, "`next_cursor` of the page before; costs the same at any depth")
SIZE = query("size", {"type": "integer", "minimum": 1, "maximum": MOST_SIZE, "default": DEFAULT_SIZE}, "of a page")
