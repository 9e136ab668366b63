"""Columns of a CSV file, checked: every refusal names the row, the column and what was expected.

Cells are separated by commas; by semicolons or tabs where the header has these and no comma. Numbers have a decimal
point: 1,234 is a thousand to one reader and a little more than one to another, so it is refused, not guessed.
Rows are counted from 1 below the header; the line of the file is said with them.
"""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .spc.arrays import UnusableData

TRUE = {"true", "t", "yes", "y", "1"}
FALSE = {"false", "f", "no", "n", "0"}


@dataclass(frozen=True)
class Columns:
    """The cells below the header as text, stripped; `lines` are the lines of the file the rows end on."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def texts(self, name: str) -> list[str]:
        """Cells that must not be empty."""
        cells = self._cells(name)
        if not all(cells):
            row = cells.index("")
            raise UnusableData(f"{self.place(row, name)} is empty; expected a value")
        return cells

    def numbers(self, name: str) -> list[float]:
        """Finite numbers with a decimal point."""
        cells = self._cells(name)
        try:
            values = [float(cell) for cell in cells]
        except ValueError:
            raise self._not_a_number(cells, name) from None
        # Python reads 1_000 as a number; a file that says so means something else.
        if not all(map(math.isfinite, values)) or any("_" in cell for cell in cells):
            raise self._not_a_number(cells, name)
        return values

    def flags(self, name: str) -> list[bool]:
        cells = [cell.lower() for cell in self._cells(name)]
        for row, cell in enumerate(cells):
            if cell not in TRUE and cell not in FALSE:
                raise UnusableData(f"{self.place(row, name)} is {cell!r}; expected true or false")
        return [cell in TRUE for cell in cells]

    def only_other_than(self, used: set[str | None]) -> str:
        """The column to read where none is named: `value`, or the only one that has no other use."""
        left = [name for name in self.header if name not in used]
        if "value" in left:
            return "value"
        if len(left) != 1:
            raise UnusableData(f"say which column holds the values with --value; the file has {self._listed()}")
        return left[0]

    def place(self, row: int, name: str) -> str:
        return f"row {row + 1} (line {self.lines[row]}), column {name!r}"

    def _cells(self, name: str) -> list[str]:
        if self.header.count(name) != 1:
            found = "no column" if name not in self.header else "more than one column"
            raise UnusableData(f"{found} {name!r}; the file has {self._listed()}")
        at = self.header.index(name)
        return [row[at].strip() for row in self.rows]

    def _not_a_number(self, cells: list[str], name: str) -> UnusableData:
        row = next(row for row, cell in enumerate(cells) if not _is_finite(cell))
        hint = ", with a decimal point" if "," in cells[row] else ""
        return UnusableData(f"{self.place(row, name)} is {cells[row]!r}; expected a finite number such as 12.5{hint}")

    def _listed(self) -> str:
        return ", ".join(self.header)


def read_columns(path: Path) -> Columns:
    """A CSV file in UTF-8 with a header line; empty lines are passed over."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _parsed(path, file)
    except OSError as problem:
        raise UnusableData(f"{path}: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise UnusableData(f"{path} is not text in UTF-8: {problem.reason} at byte {problem.start}") from problem
    except csv.Error as problem:
        raise UnusableData(f"{path} is not a CSV file: {problem}") from problem


def _parsed(path: Path, lines_of_text: Iterable[str]) -> Columns:
    lines_of_text = iter(lines_of_text)
    first = next(lines_of_text, "")
    reader = csv.reader(chain([first], lines_of_text), strict=True, delimiter=_separator(first))
    header = [name.strip() for name in next(reader, [])]
    rows: list[list[str]] = []
    lines: list[int] = []
    passed_over: list[int] = []
    for row in reader:
        if not row:
            passed_over.append(reader.line_num)
            continue
        if passed_over and len(header) == 1:
            # In a file of one column an empty line between values is a value that is missing.
            raise UnusableData(f"line {passed_over[0]} is empty between values; expected a value")
        rows.append(row)
        lines.append(reader.line_num)
        if len(row) != len(header):
            raise UnusableData(
                f"row {len(rows)} (line {reader.line_num}) has {len(row)} cells; "
                f"expected {len(header)} as in the header"
            )
    if not rows:
        raise UnusableData(f"{path} holds no row below a header line")
    return Columns(header, rows, lines)


def _separator(header: str) -> str:
    return next((each for each in ",;\t" if each in header), ",")


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False
