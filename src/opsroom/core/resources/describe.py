"""A resource in the OpenAPI document: what FastAPI cannot read from signatures."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel, create_model

from opsroom.core.audit.history import HistoryEntry
from opsroom.core.db.paging import Page
from opsroom.core.openapi import choosing_parameters, list_parameters, parameter, problem
from opsroom.core.resources.changes import Changed, changes_shape
from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import narrowed
from opsroom.core.tabular.report import ImportReport
from opsroom.core.tabular.writing import MEDIA_TYPES, Kind

TAKEN = {409: "A reference leads nowhere, or another record has the same {unique}."}
CHANGED = {412: "The record has changed since the version that If-Match names."}
REFERRED = {409: "Other records refer to it."}
ITEM = "/{item}"
BYTES = {"schema": {"type": "string", "format": "binary"}}
FILE = {"required": True, "content": dict.fromkeys(MEDIA_TYPES.values(), BYTES)}


class Accepted(BaseModel):
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Verb:
    """suffix: what follows the path of the list
    called: the operation's id, of the words for one record and for several
    refusals: beside the usual
    """

    method: str
    suffix: str
    called: str
    status: int = 200
    refusals: dict[int, str] = field(default_factory=dict)


# In the order in which their paths are tried.
VERBS = {
    "list": Verb("GET", "", "list_{several}"),
    "export": Verb("GET", "/export", "export_{several}"),
    "read": Verb("GET", ITEM, "read_{singular}"),
    "history": Verb("GET", f"{ITEM}/history", "read_{singular}_history"),
    "create": Verb("POST", "", "create_{singular}", 201, TAKEN),
    "import": Verb("POST", "/import", "import_{several}"),
    "change": Verb("POST", "/bulk", "change_{several}", 200, TAKEN | CHANGED),
    "update": Verb("PATCH", ITEM, "update_{singular}", 200, TAKEN | CHANGED),
    "put": Verb("PUT", ITEM, "put_{singular}", 200, TAKEN | CHANGED),
    "delete": Verb("DELETE", ITEM, "delete_{singular}", 204, REFERRED | CHANGED),
}
ETAG = {"ETag": {"description": "the record's version, for If-Match", "schema": {"type": "string"}}}
IF_MATCH = parameter("header", "If-Match", {"type": "string"}, "the ETag last seen; 412 if the record has changed")
IF_NONE_MATCH = parameter("header", "If-None-Match", {"type": "string"}, "the ETag last seen; 304 if it is still so")


def operation(resource: Resource, name: str) -> dict[str, Any]:
    """Everything about a route but its function."""
    verb = VERBS[name]
    of_item = verb.suffix.startswith(ITEM)
    called = verb.called.format(singular=resource.singular, several=resource.several)
    return {
        "path": resource.path + verb.suffix.replace("{item}", f"{{{resource.path_parameter}}}"),
        "methods": [verb.method],
        "name": called,
        "summary": called.capitalize().replace("_", " "),
        "status_code": verb.status,
        "response_model": response_shape(resource, name),
        "responses": _responses(resource, name),
        "openapi_extra": {"parameters": [*path_parameters(resource, of_item=of_item), *_parameters(resource, name)]}
        | ({"requestBody": FILE} if name == "import" else {}),
    }


def body_shape(resource: Resource, name: str) -> Any:
    """What a verb takes; None for those without a body."""
    shapes = {"create": resource.create, "put": resource.create, "update": resource.update}
    return changes_shape(resource) if name == "change" else shapes.get(name)


def response_shape(resource: Resource, name: str) -> Any:
    one: Any = resource.read
    shapes = {
        "list": page_model(resource),
        "import": ImportReport,
        "export": None,
        "history": Page[HistoryEntry],
        "change": Changed[one],
        "delete": None,
    }
    return shapes.get(name, one)


@cache
def page_model(resource: Resource) -> type[BaseModel]:
    """A page of whole records, or of narrowed ones as `fields=` makes them."""
    items: Any = resource.read | narrowed(resource.read)
    made: type[BaseModel] = create_model(f"{resource.read.__name__.removesuffix('Read')}Page", __base__=Page[items])
    return made


def path_parameters(resource: Resource, *, of_item: bool) -> list[dict[str, Any]]:
    found = [] if resource.parent is None else path_parameters(resource.parent.resource, of_item=True)
    if of_item:
        by_id = resource.key == "id"
        schema = resource.fields["id"].adapter.json_schema() if by_id else {"type": "string", "minLength": 1}
        meaning = f"id of the {resource.words}" + ("" if by_id else f", or its {resource.key}")
        found.append(parameter("path", resource.path_parameter, schema, meaning, required=True))
    return found


def _responses(resource: Resource, name: str) -> dict[int | str, dict[str, Any]]:
    verb = VERBS[name]
    unique = " or ".join(" and ".join(names) for names in resource.unique) or "id"
    described: dict[int | str, Any] = {code: problem(why.format(unique=unique)) for code, why in verb.refusals.items()}
    if name in {"read", "create", "update", "put"}:
        described[verb.status] = {"headers": ETAG}
    if name == "read":
        described[304] = {"description": "It is still of the version that If-None-Match names.", "headers": ETAG}
    if name == "export":
        described[200] = {"description": "the file", "content": dict.fromkeys(MEDIA_TYPES.values(), BYTES)}
    if name == "import":
        described[202] = {"description": "The file is large; a job imports it.", "model": Accepted}
    if name == "put":
        described[201] = {"description": "There was none; it was created.", "headers": ETAG, "model": resource.read}
    return described


def _parameters(resource: Resource, name: str) -> list[dict[str, Any]]:
    if name == "list":
        return list_parameters(resource.view)
    if name == "export":
        return [
            parameter("query", "as", {"enum": list(Kind), "default": Kind.CSV}, "the kind of file"),
            *choosing_parameters(resource.view),
        ]
    if name == "read":
        return [IF_NONE_MATCH]
    return [IF_MATCH] if name in {"update", "put", "delete"} else []
