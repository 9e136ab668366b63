"""What a report says to people, declared: facts, text, tables, charts, signatures, a code that leads somewhere.

It is written once by the app and rendered to HTML, PDF and the sheets of a workbook; nothing here knows how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl

from opsroom.core.charts import Chart, Kind

PAPER_ROWS = 200
SCREEN_ROWS = 1_000

Align = Literal["text", "number"]


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of a frame is shown.

    label: of the header; without one the column's name, a unit such as `_hours` taken off
    unit: written in the header, never in the cells
    digits: decimals of a number
    instant: texts such as 2026-03-02T09:00:00Z, in UTC, which a workbook keeps as instants
    states: words of the cells that are drawn with a state's colour and shape, such as {"breached": "down"}
    """

    name: str
    label: str = ""
    unit: str = ""
    digits: int = 2
    instant: bool = False
    states: tuple[tuple[str, Kind], ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure and what it is; both as people read them. kind: a state's colour and shape before it"""

    name: str
    value: str
    note: str = ""
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; lines stay lines."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    facts: Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Table:
    """A frame's rows. A workbook has all of them; where people read, a long one is cut, and says so.

    columns: those shown, in their order; none: all of the frame
    worst: a column by which a cut table begins with the lowest (`availability`) or the highest (`-downtime`) values;
        without it the first rows stay
    sheet: the name of its sheet in a workbook; empty: it has none, because its rows stand in another sheet
    """

    frame: pl.DataFrame
    columns: Sequence[Column] = ()
    caption: str = ""
    worst: str = ""
    sheet: str = ""
    paper_rows: int = PAPER_ROWS
    screen_rows: int = SCREEN_ROWS


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with a sentence below it."""

    chart: Chart
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed what and when (printed name, meaning, instant); without an instant it is a line to sign on."""

    name: str
    meaning: str
    signed_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Signatures:
    signatures: Sequence[Signature]


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code and the same address as text. address: absolute, such as a page that proves the document"""

    address: str
    caption: str


Block = Text | Facts | Table | Picture | Signatures | Code


@dataclass(frozen=True, slots=True)
class Section:
    """new_page: begins a page on paper"""

    title: str
    blocks: Sequence[Block]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """title: the question it answers, or the name of what it certifies; lead: the answer in a sentence

    facts: the answer in numbers, shown first
    """

    title: str
    lead: str = ""
    facts: Sequence[Fact] = ()
    sections: Sequence[Section] = ()
    code: Code | None = None
