"""From a query string to a listing: what is asked of a list, checked and typed."""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter

from opsroom.core.db.asked import BOOLEAN, filter_values, typed, whole_number
from opsroom.core.db.fields import ColumnField, Words
from opsroom.core.db.paging import MOST_PAGE, MOST_SIZE
from opsroom.core.db.views import Condition, Directions, Listing, View, directions
from opsroom.core.errors import Invalid

MOST_WORDS = 8  # of `q`
PLACING = frozenset({"page", "size", "cursor", "total"})  # have no meaning where everything is given at once
_words = TypeAdapter(Words)


@cache
def filter_parameters(view: View) -> dict[str, tuple[ColumnField, str]]:
    """The filters of a view, by the name of their query parameter."""
    found: dict[str, tuple[ColumnField, str]] = {}
    for field in view.filterable:
        for operator in field.operators:
            plain = operator == "eq" and field.name not in CONTROLS
            found[field.name if plain else f"{field.name}__{operator}"] = (field, operator)
    return found


def parse_listing(view: View, query: bytes) -> Listing:
    """
    Raises:
        Invalid: a parameter is unknown, given twice, or not of its type.
    """
    return listing_of(view, pairs_of(query))


def listing_of(view: View, asked: dict[str, str], refused: frozenset[str] = frozenset()) -> Listing:
    """As `parse_listing`, of parameters that are told apart already; `refused` are not taken here."""
    filters = filter_parameters(view)
    controls = [name for name in CONTROLS if name not in refused and (name != "q" or view.search)]
    members: dict[str, Any] = {} if view.counted else {"total": False}
    conditions: list[Condition] = []
    for name, text in asked.items():
        if name in filters:
            field, operator = filters[name]
            conditions.append(Condition(field.name, operator, filter_values(field, operator, name, text)))
        elif name in controls:
            member, read = CONTROLS[name]
            members[member] = read(view, text)
        else:
            raise unknown_parameter(name, [*controls, *filters])
    return Listing(conditions=tuple(conditions), **members)


def pairs_of(query: bytes) -> dict[str, str]:
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace", max_num_fields=None)
    asked = dict(pairs)
    if len(asked) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)[:80]
        raise Invalid(f"The parameter {twice} is given twice; for several values use `__in`.", parameter=twice)
    return asked


def unknown_parameter(name: str, known: list[str]) -> Invalid:
    return Invalid(
        f"There is no parameter {name[:80]}; the problem's member `known` lists those there are.",
        code="unknown_parameter",
        parameter=name[:80],
        known=known,
    )


def _order(view: View, text: str) -> Directions:
    order = directions(text.split(","))
    names = [name for name, _ in order]
    for name in names:
        if name not in view.fields or not view.fields[name].orderable:
            known = ", ".join(field.name for field in view.fields.values() if field.orderable)
            raise Invalid(f"A list cannot be ordered by {name[:80]}; it can by {known}.", parameter="order")
    if len(set(names)) < len(names):
        raise Invalid("A field stands twice in `order`.", parameter="order")
    return order


def _search_words(_view: View, text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(typed(_words, "q", text).split()))
    if len(words) > MOST_WORDS:
        raise Invalid(f"q takes at most {MOST_WORDS} words.", parameter="q")
    return words


def _narrowed(view: View, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part for part in text.split(",") if part))
    if unknown := [name for name in names if name not in view.shown]:
        known = ", ".join(view.shown)
        raise Invalid(f"There is no field {unknown[0][:80]}; there are {known}.", parameter="fields")
    return names


# By their query parameter: what they are in a `Listing`, and how they are read.
CONTROLS: dict[str, tuple[str, Callable[[View, str], Any]]] = {
    "page": ("page", lambda _, text: whole_number("page", MOST_PAGE, text)),
    "size": ("size", lambda _, text: whole_number("size", MOST_SIZE, text)),
    "cursor": ("cursor", lambda _, text: text),
    "order": ("order", _order),
    "q": ("words", _search_words),
    "fields": ("fields", _narrowed),
    "total": ("total", lambda _, text: typed(BOOLEAN, "total", text)),
}
