"""Which column of a file is taken for what."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsroom.stores.files.refusal import RefusedFileError

STORE = "store_id"
SPELLINGS: dict[str, tuple[str, ...]] = {
    STORE: ("storeid", "store", "storenumber", "storeno", "siteid", "site", "shopid", "shop", "id"),
    "timestamp_utc": ("timestamputc", "timestamp", "time", "datetime", "timeutc", "utc", "instant", "observedat", "ts"),
    "status": ("status", "state", "storestatus"),
    "day_of_week": ("dayofweek", "day", "weekday", "dow"),
    "start_time_local": ("starttimelocal", "starttime", "start", "localstarttime", "opentime", "opens", "open", "from"),
    "end_time_local": ("endtimelocal", "endtime", "end", "localendtime", "closetime", "closes", "close", "until", "to"),
    "timezone_str": ("timezonestr", "timezone", "tz", "timezonename", "tzname", "zone"),
}
"""Usual spellings by preference, without case, spaces, underscores and hyphens."""

NAME_LETTERS = 1 << 17
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Columns:
    """The header of a file and, for each field that was asked for, the position of its column."""

    header: tuple[str, ...]
    position: dict[str, int]

    def taken(self) -> dict[str, str]:
        """Which column was taken for which field."""
        return {field: self.header[position] for field, position in self.position.items()}


def header_fields(name: str, line: str) -> tuple[str, ...]:
    line = line.strip("\r\n")
    if "\r" in line:
        raise RefusedFileError(
            f"{name}: its lines end with carriage returns alone; save it with line feeds (or carriage return and "
            "line feed)."
        )
    try:
        names = tuple(column.strip() for column in next(csv.reader([line]), []))
    except csv.Error as error:
        raise RefusedFileError(f"{name}: its first line is no header ({error}).") from error
    # The csv module's own limit belongs to the whole process, and other readers raise it.
    if any(len(column) > NAME_LETTERS for column in names):
        raise RefusedFileError(
            f"{name}: its first line is no header: a name in it is longer than {NAME_LETTERS:,} characters."
        )
    return names


def choose_columns(
    name: str, header: Sequence[str], fields: Sequence[str], mapping: Mapping[str, str] | None = None
) -> Columns:
    """Find the columns of all fields or refuse the file, with the names looked for and found.

    mapping: field to column name, as the user gave it; it goes before the usual spellings.
    """
    wanted = dict(mapping or {})
    position = {}
    for field in fields:
        found = _named(name, header, field, wanted[field]) if field in wanted else _usual(name, header, field)
        if found is not None:
            position[field] = found
    missing = [field for field in fields if field not in position]
    if missing:
        raise RefusedFileError(_why_missing(name, header, missing))
    return Columns(tuple(header), position)


def _named(name: str, header: Sequence[str], field: str, column: str) -> int:
    if column in header:
        return list(header).index(column)
    same = [position for position, found in enumerate(header) if _plain(found) == _plain(column)]
    if len(same) != 1:
        raise RefusedFileError(
            f"{name} has no column {column!r}, which the mapping names for {field}; its columns are {_list(header)}."
        )
    return same[0]


def _usual(name: str, header: Sequence[str], field: str) -> int | None:
    plain = [_plain(column) for column in header]
    for spelling in SPELLINGS[field]:
        if plain.count(spelling) > 1:
            raise RefusedFileError(
                f"{name} has {plain.count(spelling)} columns that could be {field}: {_list(header)}; "
                f"rename one of them, or name the right one in the mapping."
            )
        if spelling in plain:
            return plain.index(spelling)
    return None


def _plain(column: str) -> str:
    return re.sub(r"[\s_-]+", "", column).lower()


def _why_missing(name: str, header: Sequence[str], missing: Sequence[str]) -> str:
    only = "".join(header)
    for delimiter, kind in DELIMITERS.items():
        if len(header) == 1 and delimiter in only:
            return (
                f"{name}: the fields of the header {_list(header)} seem to be separated by {kind}; "
                "write the file with commas."
            )
    looked_for = "; ".join(f"{field} (or {', '.join(SPELLINGS[field][:4])} …)" for field in missing)
    return (
        f"{name} has no column for {looked_for}. Its columns are {_list(header)}. "
        "Name the right column in the mapping, or give the right file."
    )


def _list(header: Sequence[str]) -> str:
    shown = ", ".join(repr(column[:60]) for column in header[:20])
    return shown if len(header) <= 20 else f"{shown} and {len(header) - 20} more"
