"""Cells and figures as people read them, the same in HTML and PDF."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH

import polars as pl

from opsroom.core.reports.document import Align, Column, Fact, Table

UNITS = {"hours": "h", "minutes": "min", "seconds": "s", "percent": "%", "km": "km", "kg": "kg", "us": "µs"}
UNIT_OF_NAME = re.compile(rf"^(?P<label>.+)_(?P<unit>{'|'.join(UNITS)})$")
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as it is read: header, rows as texts, and the sentence that says what was left out."""

    header: tuple[tuple[str, Align], ...]
    rows: list[tuple[Cell, ...]]
    cut: str


def shown(table: Table, limit: int) -> Shown:
    """At most `limit` rows: the worst where the table says which those are, else the first."""
    columns = columns_of(table)
    frame = cut(table, limit)
    cells = [cells_of(frame[column.name], column) for column in columns]
    header = tuple((header_of(column), align_of(frame.schema[column.name])) for column in columns)
    return Shown(header, list(zip(*cells, strict=True)), note_of_cut(table, limit))


def cut(table: Table, limit: int) -> pl.DataFrame:
    frame = table.frame
    if frame.height <= limit:
        return frame
    if table.worst:
        frame = frame.sort(
            table.worst.removeprefix("-"),
            descending=table.worst.startswith("-"),
            nulls_last=True,
            maintain_order=True,
        )
    return frame.head(limit)


def note_of_cut(table: Table, limit: int) -> str:
    height = table.frame.height
    if height <= limit:
        return ""
    if not table.worst:
        return f"The first {limit:,} of {height:,} rows. The XLSX, CSV and JSON of this report hold all of them."
    column = next((each for each in columns_of(table) if each.name == table.worst.removeprefix("-")), None)
    by = (column.label if column else table.worst.removeprefix("-")).lower()
    way = "highest" if table.worst.startswith("-") else "lowest"
    return (
        f"The {limit:,} worst of {height:,} rows: those with the {way} {by}. "
        "The XLSX, CSV and JSON of this report hold all of them."
    )


def columns_of(table: Table) -> list[Column]:
    given = table.columns or [Column(name) for name in table.frame.columns]
    return [named(column) for column in given]


def named(column: Column) -> Column:
    """With a label and a unit: those of `open_hours` are `Open` and `h`."""
    if column.label:
        return column
    match = UNIT_OF_NAME.match(column.name)
    label, unit = (match["label"], UNITS[match["unit"]]) if match else (column.name, "")
    words = label.replace("_", " ")
    return replace(column, label=words[:1].upper() + words[1:], unit=column.unit or unit)


def header_of(column: Column) -> str:
    return f"{column.label}, {column.unit}" if column.unit else column.label


def align_of(kind: pl.DataType) -> Align:
    return "number" if kind.is_numeric() else "text"


def cells_of(values: pl.Series, column: Column) -> list[Cell]:
    kinds: dict[str, str] = dict(column.states)
    texts = [words(value, column.digits) for value in values.to_list()]
    return [Cell(text, kinds.get(text, "")) for text in texts]


def words(value: Any, digits: int = 2) -> str:
    """A value as people read it: thousands separated, instants in UTC to the second, lists by commas."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,.{digits if isinstance(value, float) else 0}f}".replace("-", "−")
    return _texts(value, digits)


def _texts(value: Any, digits: int) -> str:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {words(each, digits)}" for name, each in value.items())
    return ", ".join(words(each, digits) for each in value) if isinstance(value, list | tuple) else str(value)


def instant(at: datetime) -> str:
    return f"{at.astimezone(UTC) if at.tzinfo else at:%Y-%m-%d %H:%M:%S} UTC"


def facts_of(values: Mapping[str, Any]) -> Sequence[Fact]:
    """Names and values of a mapping, as the facts of a document that nobody wrote."""
    return [Fact(name.replace("_", " "), words(value)) for name, value in values.items()]


def zone_data_version() -> str:
    """Of the rules by which local times were counted: the machine's where it has them, else the bundled ones."""
    for folder in TZPATH:
        path = Path(folder) / "tzdata.zi"
        if path.is_file():
            with path.open(encoding="ascii") as file:
                return file.readline().removeprefix("# version ").strip()
    return version("tzdata")
