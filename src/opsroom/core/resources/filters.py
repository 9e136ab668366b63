"""From a query string to a listing: what is asked of a list, checked and typed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from pydantic import TypeAdapter, ValidationError

from opsroom.core.db.fields import ColumnField, Words
from opsroom.core.db.paging import DEFAULT_SIZE, MOST_PAGE, MOST_SIZE
from opsroom.core.errors import Invalid
from opsroom.core.resources.declaration import Resource

MOST_VALUES = 500  # of one `in`
MOST_WORDS = 8  # of `q`
_boolean = TypeAdapter(bool)
_words = TypeAdapter(Words)


@dataclass(frozen=True, slots=True)
class Condition:
    """`operator` is one of the field's; `values` are typed, one for all operators but `in`."""

    field: str
    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of a list.

    order: (field, descending) pairs; empty for the resource's own order
    words: each must occur in one of the fields that are searched
    fields: empty for all
    cursor: given, the list goes on after it and `page` is not looked at
    total: whether to count; None for yes, except after a cursor
    """

    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    words: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    page: int = 1
    size: int = DEFAULT_SIZE
    cursor: str | None = None
    total: bool | None = None


@cache
def filter_parameters(resource: Resource) -> dict[str, tuple[ColumnField, str]]:
    """The filters of a resource, by the name of their query parameter."""
    found: dict[str, tuple[ColumnField, str]] = {}
    for field in resource.filterable:
        for operator in field.operators:
            plain = operator == "eq" and field.name not in CONTROLS
            found[field.name if plain else f"{field.name}__{operator}"] = (field, operator)
    return found


def parse_listing(resource: Resource, query: bytes) -> Listing:
    """
    Raises:
        Invalid: a parameter is unknown, given twice, or not of its type.
    """
    filters = filter_parameters(resource)
    asked: dict[str, Any] = {}
    conditions: list[Condition] = []
    for name, text in _pairs(query):
        if name in filters:
            field, operator = filters[name]
            conditions.append(Condition(field.name, operator, _values(field, operator, name, text)))
        elif name in CONTROLS and not (name == "q" and not resource.search):
            member, read = CONTROLS[name]
            asked[member] = read(resource, text)
        else:
            known = [each for each in CONTROLS if each != "q" or resource.search]
            raise Invalid(
                f"There is no parameter {name[:80]}; the problem's member `known` lists those there are.",
                code="unknown_parameter",
                parameter=name[:80],
                known=[*known, *filters],
            )
    return Listing(conditions=tuple(conditions), **asked)


def parse_order(resource: Resource, text: str) -> tuple[tuple[str, bool], ...]:
    order = tuple((part.removeprefix("-"), part.startswith("-")) for part in text.split(",") if part)
    names = [name for name, _ in order]
    for name in names:
        if name not in resource.fields or not resource.fields[name].orderable:
            known = ", ".join(field.name for field in resource.fields.values() if field.orderable)
            raise Invalid(f"A list cannot be ordered by {name[:80]}; it can by {known}.", parameter="order")
    if len(set(names)) < len(names):
        raise Invalid("A field stands twice in `order`.", parameter="order")
    return order


def _pairs(query: bytes) -> list[tuple[str, str]]:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=None)
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(
            f"The parameter {twice[:80]} is given twice; for several values use `__in`.", parameter=twice[:80]
        )
    return pairs


def _values(field: ColumnField, operator: str, name: str, text: str) -> tuple[Any, ...]:
    if operator == "isnull":
        return (_typed(_boolean, name, text),)
    if operator == "contains":
        return (_json_wanted(name, _typed(field.adapter, name, text)),)
    if operator != "in":
        return (_typed(field.adapter, name, text),)
    parts = text.split(",")
    if len(parts) > MOST_VALUES:
        raise Invalid(f"{name} takes at most {MOST_VALUES} values.", parameter=name)
    return tuple(_typed(field.adapter, name, part) for part in parts)


def _typed(adapter: TypeAdapter[Any], name: str, text: str) -> Any:
    try:
        return adapter.validate_python(text)
    except ValidationError as error:
        raise Invalid(f"{name}: {error.errors()[0]['msg']}.", parameter=name) from None


def _json_wanted(name: str, text: str) -> Any:
    """An object or an array of plain values, from their JSON; any other text is one element of an array."""
    if not text.startswith(("{", "[")):
        return [text]
    try:
        wanted = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        raise Invalid(f"{name}: neither a word nor a JSON array or object.", parameter=name) from None
    parts = wanted.values() if isinstance(wanted, dict) else wanted
    if any(isinstance(part, (dict, list)) or (isinstance(part, str) and "\0" in part) for part in parts):
        raise Invalid(f"{name}: its values must be plain: text, numbers, true, false, null.", parameter=name)
    return wanted


def _whole(name: str, most: int) -> Callable[[Resource, str], int]:
    def read(_resource: Resource, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
            raise Invalid(f"{name}: a whole number from 1 to {most} is wanted.", parameter=name)
        return int(text)

    return read


def _search_words(_resource: Resource, text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(_typed(_words, "q", text).split()))
    if len(words) > MOST_WORDS:
        raise Invalid(f"q takes at most {MOST_WORDS} words.", parameter="q")
    return words


def _narrowed(resource: Resource, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part for part in text.split(",") if part))
    if unknown := [name for name in names if name not in resource.shown]:
        known = ", ".join(resource.shown)
        raise Invalid(f"There is no field {unknown[0][:80]}; there are {known}.", parameter="fields")
    return names


# By their query parameter: what they are in a `Listing`, and how they are read.
CONTROLS: dict[str, tuple[str, Callable[[Resource, str], Any]]] = {
    "page": ("page", _whole("page", MOST_PAGE)),
    "size": ("size", _whole("size", MOST_SIZE)),
    "cursor": ("cursor", lambda _, text: text),
    "order": ("order", parse_order),
    "q": ("words", _search_words),
    "fields": ("fields", _narrowed),
    "total": ("total", lambda _, text: _typed(_boolean, "total", text)),
}
