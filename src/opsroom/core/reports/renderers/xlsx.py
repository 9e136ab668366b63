"""XLSX: typed cells, all rows, a header that stays, and a sheet that says what the figures rest on."""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.document import Code, Column, Table
from opsroom.core.reports.figures import columns_of, header_of, words
from opsroom.core.reports.laid_out import basis, document_of

# Every text is written as text: a workbook runs nothing that begins with `=`, and a link is none.
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001  the earliest instant of a zip archive
ROWS = 1_048_575  # of a sheet, beside its header
LETTERS = 32_767  # of a cell
EXACT = 10**15  # a workbook's numbers have fifteen figures
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\']")
NARROWEST, WIDEST = 9, 60
LOOKED_AT = 200  # rows that decide how wide a column is


class Book:
    def __init__(self, path: Path, at: datetime | None) -> None:
        self._book = xlsxwriter.Workbook(str(path), OPTIONS)
        self._book.set_properties({"created": at.astimezone(UTC).replace(tzinfo=None) if at else EPOCH})
        self._head = self._book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._formats: dict[str, Format] = {}
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._book.close()

    def table(self, name: str, table: Table) -> None:
        """As many sheets as the rows need."""
        for number, start in enumerate(range(0, max(table.frame.height, 1), ROWS), start=1):
            piece = table.frame.slice(start, ROWS)
            self._sheet(name if number == 1 else f"{name} {number}", piece, columns_of(table))

    def pairs(self, name: str, pairs: Sequence[tuple[str, str]]) -> None:
        sheet = self._book.add_worksheet(self._name(name))
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 90)
        for row, (left, right) in enumerate(pairs):
            sheet.write_string(row, 0, left[:LETTERS])
            sheet.write_string(row, 1, right[:LETTERS])

    def _sheet(self, name: str, frame: pl.DataFrame, columns: Sequence[Column]) -> None:
        sheet = self._book.add_worksheet(self._name(name))
        sheet.freeze_panes(1, 0)
        values = [_values(frame[column.name], column) for column in columns]
        formats = [self._format(frame.schema[column.name], column) for column in columns]
        for place, column in enumerate(columns):
            sheet.set_column(place, place, _width(column, frame[column.name]))
        for place, column in enumerate(columns):
            sheet.write_string(0, place, header_of(column), self._head)
        for row, cells in enumerate(zip(*values, strict=True), start=1):
            for place, value in enumerate(cells):
                if value is not None:
                    _write(sheet, row, place, value, formats[place])
        if columns:
            sheet.autofilter(0, 0, frame.height, len(columns) - 1)

    def _format(self, kind: pl.DataType, column: Column) -> Format | None:
        if kind.is_temporal() or column.instant:
            pattern = "yyyy-mm-dd" if kind == pl.Date else "yyyy-mm-dd hh:mm:ss"
        elif kind.is_float():
            pattern = "#,##0" + ("." + "0" * column.digits if column.digits else "")
        elif kind.is_integer():
            pattern = "#,##0"
        else:
            return None
        if pattern not in self._formats:
            self._formats[pattern] = self._book.add_format({"num_format": pattern})
        return self._formats[pattern]

    def _name(self, wanted: str) -> str:
        """One that a workbook takes, and that no other sheet has."""
        clean = NOT_IN_A_NAME.sub(" ", wanted).strip()[:28] or "Sheet"
        names = (clean if number == 1 else f"{clean} {number}"[-31:] for number in range(1, 1_000))
        name = next(each for each in names if each.casefold() not in self._names)
        self._names.add(name.casefold())
        return name


def write_xlsx(table: ReportTable, asked: Asked, path: Path) -> None:
    document = document_of(asked, table)
    with Book(path, table.as_of) as book:
        book.table("Rows", Table(table.frame, table.columns))
        for section in document.sections:
            for block in section.blocks:
                if isinstance(block, Table) and block.sheet:
                    book.table(block.sheet, block)
        facts = [(fact.name, f"{fact.value} {fact.note}".strip()) for fact in document.facts]
        book.pairs("About", [("", document.title), *facts, *basis(asked, table), *_address(document.code)])


def _address(code: Code | None) -> Iterator[tuple[str, str]]:
    if code is not None:
        yield code.caption, code.address


def _values(series: pl.Series, column: Column) -> list[Any]:
    if column.instant and series.dtype == pl.String:
        series = series.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False)
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return series.to_list()


def _write(sheet: Worksheet, row: int, place: int, value: Any, form: Format | None) -> None:
    match value:
        case bool():
            sheet.write_boolean(row, place, value)
        case int() if abs(value) > EXACT:
            sheet.write_string(row, place, str(value))
        case float() if not math.isfinite(value):
            sheet.write_string(row, place, str(value))
        case int() | float():
            sheet.write_number(row, place, value, form)
        case datetime():
            sheet.write_datetime(row, place, value, form)
        case str():
            sheet.write_string(row, place, value[:LETTERS])
        case _:
            sheet.write_string(row, place, words(value)[:LETTERS])


def _width(column: Column, series: pl.Series) -> int:
    seen = max((len(words(value, column.digits)) for value in series.head(LOOKED_AT).to_list()), default=0)
    heading = max(len(word) for word in header_of(column).split(" "))
    return min(max(NARROWEST, seen + 2, heading + 3), WIDEST)
