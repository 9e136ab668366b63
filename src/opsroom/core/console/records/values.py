"""How a field is shown: what kind of value it holds, and each value as a person reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup, escape
from sqlalchemy import JSON, Boolean, Date, Float, Integer, Numeric, String, Time, Uuid
from sqlalchemy import Enum as EnumType

from opsroom.core.console import words
from opsroom.core.console.catalogue import short
from opsroom.core.console.inputs import label_of
from opsroom.core.console.states import kind_of_word
from opsroom.core.db.columns import Instant
from opsroom.core.db.fields import ColumnField
from opsroom.core.resources.crud import to_json
from opsroom.core.resources.declaration import Resource

LONG = 120  # characters shown in a list
SECONDS = {"_seconds": 1.0, "_ms": 1e-3, "_us": 1e-6, "_minutes": 60.0, "_hours": 3600.0}


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    SIZE = "size"
    DURATION = "duration"
    YES = "yes"
    WORD = "word"
    INSTANT = "instant"
    PLAIN = "plain"
    DOCUMENT = "document"
    REFERENCE = "reference"
    HASH = "hash"


NUMERIC = frozenset({Kind.NUMBER, Kind.SIZE, Kind.DURATION})


@dataclass(frozen=True, slots=True)
class Shown:
    """A field of a resource, as its pages show it. badges: kind of badge by value"""

    name: str
    label: str
    kind: Kind
    sortable: bool
    badges: Mapping[str, str] = field(default_factory=dict)
    unit: float = 1.0

    @property
    def is_number(self) -> bool:
        return self.kind in NUMERIC


@cache
def shown_fields(resource: Resource) -> dict[str, Shown]:
    return {name: _shown(resource, name, resource.fields[name]) for name in ("id", *resource.shown)}


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as JSON has it: alike from both engines."""
    found: dict[str, Any] = msgspec.json.decode(to_json(record))
    return found


def cell(shown: Shown, value: Any, zone: ZoneInfo) -> Markup:
    """One value, on one line."""
    if value is None or value == "":
        return words.null("no value")
    if shown.kind is Kind.INSTANT:
        return words.instant_in(datetime.fromisoformat(value), zone)
    return CELLS[shown.kind](shown, value)


def whole(shown: Shown, value: Any, zone: ZoneInfo) -> Markup:
    """One value with nothing left out, for the page of one record."""
    if value in (None, "", [], {}):
        return words.null("no value")
    if shown.kind is Kind.INSTANT:
        return words.instant_in(datetime.fromisoformat(value), zone, "second")
    if shown.kind is Kind.DOCUMENT:
        return _document(value)
    if shown.kind is Kind.REFERENCE:
        return words.identifier(value)
    if shown.kind is Kind.TEXT:
        return Markup('<span class="prose">{}</span>').format(value)
    return cell(shown, value, zone)


def _shown(resource: Resource, name: str, declared: ColumnField) -> Shown:
    kind = _kind(name, declared)
    presented = resource.presentation
    unit = next((unit for end, unit in SECONDS.items() if name.endswith(end)), 1.0)
    return Shown(
        name=name,
        label=presented.labels.get(name) or label_of(name.removesuffix("_id") if refers(declared) else name),
        kind=kind,
        sortable=declared.orderable,
        badges=presented.kinds.get(name, {}),
        unit=unit,
    )


def refers(declared: ColumnField) -> bool:
    return bool(getattr(declared.column, "foreign_keys", ()))


def _kind(name: str, declared: ColumnField) -> Kind:
    sql = declared.column.type
    if isinstance(sql, Float | Numeric | Integer):
        return _kind_of_number(name)
    if isinstance(sql, String) and not isinstance(sql, EnumType):
        return Kind.HASH if name == "sha256" or name.endswith("_sha256") else Kind.TEXT
    kinds: tuple[tuple[Any, Kind], ...] = (
        (EnumType, Kind.WORD),
        (Boolean, Kind.YES),
        (Uuid, Kind.REFERENCE),
        (Instant, Kind.INSTANT),
        (JSON, Kind.DOCUMENT),
        (Date | Time, Kind.PLAIN),
    )
    return next((kind for types, kind in kinds if isinstance(sql, types)), Kind.PLAIN)


def _kind_of_number(name: str) -> Kind:
    if name.endswith("_bytes"):
        return Kind.SIZE
    return Kind.DURATION if name.endswith(tuple(SECONDS)) else Kind.NUMBER


def _number(_shown: Shown, value: Any) -> Markup:
    """At most three decimals; all of them on hover. Decimals come as text, which keeps its digits."""
    if isinstance(value, str):
        return escape(value)
    text = f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    is_exact = float(text.replace(",", "")) == value
    text = text.replace("-", "−")
    return escape(text) if is_exact else Markup('<span title="{}">{}</span>').format(value, text)


def _measured(read: Callable[[float], str | Markup]) -> Callable[[Shown, Any], Markup]:
    """As people say it, and exactly on hover."""
    return lambda shown, value: Markup('<span title="{}">{}</span>').format(value, read(value * shown.unit))


def _word(shown: Shown, value: str) -> Markup:
    text = value.replace("_", " ")
    kind = shown.badges.get(value) or kind_of_word(value)
    if not kind:
        return escape(text)
    shape = Markup('<i class="shape shape-{}" aria-hidden="true"></i>').format(kind)
    return Markup('<span class="badge badge-{}">{}{}</span>').format(kind, shape, text)


def _yes(_shown: Shown, value: Any) -> Markup:
    return escape("yes") if value else Markup('<span class="quiet">no</span>')


def _reference(_shown: Shown, value: Any) -> Markup:
    return Markup('<code class="id" title="{}">{}</code>').format(value, short(str(value)))


def _document(value: Any) -> Markup:
    line = _one_line(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if len(line) <= LONG and not any(isinstance(part, dict | list) for part in parts):
        return escape(line)
    return Markup('<pre class="document">{}</pre>').format(msgspec.json.format(msgspec.json.encode(value)).decode())


def _cut(text: str) -> Markup:
    if len(text) <= LONG:
        return escape(text)
    return Markup('<span title="{}">{}…</span>').format(text[:1000], text[: LONG - 1])


def _one_line(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_one_line(part)}" for name, part in value.items()) or "{}"
    if isinstance(value, list):
        return ", ".join(_one_line(part) for part in value) or "[]"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


CELLS: dict[Kind, Callable[[Shown, Any], Markup]] = {
    Kind.TEXT: lambda _, value: _cut(str(value)),
    Kind.NUMBER: _number,
    Kind.SIZE: _measured(lambda amount: words.size(int(amount))),
    Kind.DURATION: _measured(words.duration),
    Kind.YES: _yes,
    Kind.WORD: _word,
    Kind.PLAIN: lambda _, value: escape(str(value).replace("T", " ")),
    Kind.DOCUMENT: lambda _, value: _cut(_one_line(value)),
    Kind.REFERENCE: _reference,
    Kind.HASH: lambda _, value: words.fingerprint(str(value)),
}
