"""Live polls as they arrive: a JSON object, an array of them, or one a line; checked row by row."""

from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from opsroom.core.errors import BadRequest, TooLarge
from opsroom.stores.files import Reason, StoreIds, parse_instants
from opsroom.stores.files.columns import SPELLINGS, STORE

MOST_ROWS = 50_000
FIELDS = (STORE, "timestamp_utc", "status")
REASONS = {int(reason): reason.sentence for reason in Reason}
STATUSES = {"active": 1, "inactive": 0}


@dataclass(frozen=True, slots=True)
class Refused:
    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Polls:
    """accepted: store_id, instant (microseconds UTC), status (1 up, 0 down)"""

    received: int
    accepted: pl.DataFrame
    refused: list[Refused]


def read_polls(body: bytes, *, lines: bool, clock: int) -> Polls:
    """
    Raises:
        BadRequest: the body is not JSON, or not objects.
        TooLarge: more than 50,000 rows.
    """
    rows = _rows(body, lines=lines)
    if len(rows) > MOST_ROWS:
        raise TooLarge(f"{len(rows):,} rows were sent; at most {MOST_ROWS:,} fit into one request.", limit=MOST_ROWS)
    named = [_named(row, place) for place, row in enumerate(rows)]
    texts = pl.DataFrame(
        {name: [row[name] for row in named] for name in FIELDS}, schema=dict.fromkeys(FIELDS, pl.String)
    )
    return _checked(texts, clock)


def _rows(body: bytes, *, lines: bool) -> list[Any]:
    try:
        if lines:
            return [msgspec.json.decode(line) for line in body.splitlines() if line.strip()]
        found = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise BadRequest(f"The body is not valid JSON: {error}.", code="malformed_json") from None
    return found if isinstance(found, list) else [found]


def _named(row: Any, place: int) -> dict[str, str]:
    """The three fields as text, under any of the spellings that files may use."""
    if not isinstance(row, dict):
        raise BadRequest(
            f"Row {place} is not an object; expected {{store_id, timestamp_utc, status}}.", code="not_an_object"
        )
    folded = {str(key).lower().replace("_", "").replace("-", "").replace(" ", ""): row[key] for key in row}
    return {name: _text(next((folded[s] for s in SPELLINGS[name] if s in folded), None)) for name in FIELDS}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _checked(texts: pl.DataFrame, clock: int) -> Polls:
    ids = StoreIds()
    numbers, store_reasons = ids.number(texts[STORE])
    instants, instant_reasons = parse_instants(texts["timestamp_utc"], clock)
    unstorable = texts[STORE].str.contains("\0", literal=True)
    statuses = [STATUSES.get(text.strip().lower()) for text in texts["status"]]
    refused = []
    for place in range(texts.height):
        if store_reasons[place]:
            refused.append(Refused(place, STORE, REASONS[int(store_reasons[place])]))
        elif unstorable[place]:
            refused.append(Refused(place, STORE, "store id holds a NUL character"))
        elif instant_reasons[place]:
            refused.append(Refused(place, "timestamp_utc", REASONS[int(instant_reasons[place])]))
        elif statuses[place] is None:
            refused.append(Refused(place, "status", Reason.STATUS_UNKNOWN.sentence))
    bad = {item.row for item in refused}
    good = pl.Series([place not in bad for place in range(texts.height)], dtype=pl.Boolean)
    frame = pl.DataFrame({"store_id": ids.texts(numbers), "instant": instants, "status": statuses})
    return Polls(texts.height, frame.filter(good), refused)
