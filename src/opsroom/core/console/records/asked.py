"""What is asked of a list, in words, and the addresses that ask for more, less, or otherwise.

The query of a list's page is the query of the API's list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean
from sqlalchemy import Enum as EnumType

from opsroom.core.console.records.values import Kind, Shown, shown_fields
from opsroom.core.db.fields import ColumnField
from opsroom.core.db.filters import filter_parameters
from opsroom.core.resources.declaration import Resource

PLACE = frozenset({"cursor", "page"})  # of the page in the list; anything else begins the list anew
ADD, VALUE = "filter", "value"  # the two inputs that add a filter

WORDS = {
    "eq": "is", "ne": "is not", "in": "is one of", "gt": "is more than", "gte": "is at least", "lt": "is less than",
    "lte": "is at most", "icontains": "contains", "startswith": "starts with", "contains": "has",
}  # fmt: skip
OF_TIME = {"gt": "is after", "gte": "is from", "lt": "is before", "lte": "is up to"}
MOST_CHOICES = 8
LAST = frozenset({"id", "created_at", "updated_at", "version"})

Query = Mapping[str, str]
Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Filter:
    """One that is set, in words, and the query without it."""

    words: str
    without: str


@dataclass(frozen=True, slots=True)
class Group:
    """Chips of one field: (value, word), of which `chosen` is set; empty for all."""

    parameter: str
    label: str
    choices: tuple[Choice, ...]
    chosen: str


def set_filters(resource: Resource, query: Query, zone: ZoneInfo) -> list[Filter]:
    known = filter_parameters(resource.view)
    fields = shown_fields(resource)
    return [
        Filter(_in_words(fields[known[name][0].name], known[name][1], text, zone), changed(query, {name: ""}))
        for name, text in query.items()
        if name in known
    ]


def chip_groups(resource: Resource, columns: tuple[str, ...], query: Query) -> list[Group]:
    """For the fields in sight that have few values."""
    found = []
    for parameter, (field, operator) in filter_parameters(resource.view).items():
        values = few_values(field)
        if operator == "eq" and field.name in columns and 1 < len(values) <= MOST_CHOICES:
            label = shown_fields(resource)[field.name].label
            found.append(Group(parameter, label, (("", "any"), *values), query.get(parameter, "")))
    return found[:3]


def more_filters(resource: Resource) -> list[tuple[str, list[Choice]]]:
    """By field: what can be asked of it, of its own fields first. A choice with `=` needs no value of its own."""
    found: dict[str, list[Choice]] = {}
    parameters = filter_parameters(resource.view).items()
    for parameter, (field, operator) in sorted(parameters, key=lambda each: each[1][0].name in LAST):
        shown = shown_fields(resource)[field.name]
        found.setdefault(shown.label, []).extend(_choices(parameter, field, operator, shown))
    return [(label, choices) for label, choices in found.items() if choices]


def added(query: Query, zone: ZoneInfo, resource: Resource) -> str:
    """The query with the filter that the form sent."""
    parameter, _, value = query.get(ADD, "").partition("=")
    typed = value or query.get(VALUE, "").strip()
    known = filter_parameters(resource.view).get(parameter)
    if known is not None and shown_fields(resource)[known[0].name].kind is Kind.INSTANT:
        typed = _as_instant(typed, zone)
    return changed(query, {ADD: "", VALUE: "", parameter: typed})


def changed(query: Query, changes: Query) -> str:
    """The query string with some parameters set, and those that are empty left out; from the first page."""
    return urlencode({name: text for name, text in {**query, **changes}.items() if name not in PLACE and text != ""})


def ordered(query: Query, name: str, direction: str) -> str:
    """The query that orders by this field, the other way round if it does so already."""
    return changed(query, {"order": f"-{name}" if direction == "ascending" else name})


def few_values(field: ColumnField) -> tuple[Choice, ...]:
    kind = field.column.type
    if isinstance(kind, Boolean):
        return (("true", "yes"), ("false", "no"))
    if isinstance(kind, EnumType):
        return tuple((str(value), str(value).replace("_", " ")) for value in kind.enums)
    return ()


def _choices(parameter: str, field: ColumnField, operator: str, shown: Shown) -> list[Choice]:
    name = shown.label
    if operator == "isnull":
        return [(f"{parameter}=true", f"{name} is empty"), (f"{parameter}=false", f"{name} is not empty")]
    if values := few_values(field):
        if operator == "in":
            return []
        return [(f"{parameter}={value}", f"{name} {WORDS[operator]} {word}") for value, word in values]
    return [(parameter, f"{name} {_operator(shown, operator)} …")]


def _operator(shown: Shown, operator: str) -> str:
    return OF_TIME.get(operator, WORDS[operator]) if shown.kind is Kind.INSTANT else WORDS[operator]


def _in_words(shown: Shown, operator: str, text: str, zone: ZoneInfo) -> str:
    if operator == "isnull":
        return f"{shown.label} is {'empty' if text == 'true' else 'not empty'}"
    if shown.kind is Kind.INSTANT:
        text = ", ".join(_read(part, zone) for part in text.split(","))
    elif shown.kind is Kind.YES:
        text = {"true": "yes", "false": "no"}.get(text, text)
    return f"{shown.label} {_operator(shown, operator)} {text.replace(',', ', ')}"


def _read(text: str, zone: ZoneInfo) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(zone).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return text


def _as_instant(text: str, zone: ZoneInfo) -> str:
    """With the viewer's offset where the person typed none; what cannot be read is refused as the API would."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if found.tzinfo else found.replace(tzinfo=zone).isoformat()
