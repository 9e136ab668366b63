"""Rows into files."""

import csv
import io
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import xlsxwriter

from opsroom.core.errors import TooLarge
from opsroom.core.tabular.cells import EXACT, Cell

SHEET_ROWS = 1_048_575  # below the header
CELL_LETTERS = 32_767


class Kind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    NDJSON = "ndjson"


MEDIA_TYPES = {
    Kind.CSV: "text/csv; charset=utf-8",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.NDJSON: "application/x-ndjson",
}


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    # The module quotes what is part of the line terminator, and a bare carriage return ends a line for its reader.
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


class Sheet:
    """A workbook of one sheet, on disk when it is closed."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for column, name in enumerate(header):
            self._sheet.write_string(0, column, name, bold)
        self._rows = 0

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """
        Raises:
            TooLarge: a sheet does not hold so many rows, or a cell so long a text.
        """
        for row in rows:
            self._rows += 1
            if self._rows > SHEET_ROWS:
                raise TooLarge(f"A sheet holds {SHEET_ROWS} rows; ask for CSV or NDJSON, or narrow the list.")
            for column, cell in enumerate(row):
                if cell is not None:
                    self._write(column, cell)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None) -> None:
        self._book.close()

    def _write(self, column: int, cell: Cell) -> None:
        if isinstance(cell, bool):
            self._sheet.write_boolean(self._rows, column, cell)
        elif isinstance(cell, int | float) and _survives(cell):
            self._sheet.write_number(self._rows, column, cell)
        elif len(text := str(cell)) > CELL_LETTERS:
            raise TooLarge(f"A cell of a sheet holds {CELL_LETTERS} characters; ask for CSV or NDJSON.")
        else:
            self._sheet.write_string(self._rows, column, text)


def _survives(number: float) -> bool:
    """Whether it is the same after being written with sixteen digits, as a workbook has them."""
    return abs(number) < EXACT if isinstance(number, int) else float(f"{number:.16G}") == number
