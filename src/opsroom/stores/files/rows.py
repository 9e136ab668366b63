"""Blocks of lines as frames of texts whose rows can be found again in the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.exceptions import PolarsError

from opsroom.stores.files.columns import Columns
from opsroom.stores.files.exact_lines import read_records
from opsroom.stores.files.rejects import RAW_CHARACTERS, Reason
from opsroom.stores.files.source import Block

Rows = npt.NDArray[np.intp]
Malformed = Sequence[tuple[int, Reason, str]]


class Table(Protocol):
    """Some records of a file."""

    @property
    def frame(self) -> pl.DataFrame:
        """The wanted fields as text, null where the record ends before them."""

    @property
    def malformed(self) -> Malformed:
        """Records without fields: line number, reason, raw text."""

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Line number and raw text of rows of the frame."""


@dataclass(frozen=True)
class LineTable:
    """Records of exactly one line each."""

    frame: pl.DataFrame
    block: Block
    malformed: Malformed = ()

    @cached_property
    def ends(self) -> npt.NDArray[np.intp]:
        """Where each line ends in the block."""
        ends = np.flatnonzero(np.frombuffer(self.block.text, dtype=np.uint8) == ord("\n"))
        return ends if self.block.text.endswith(b"\n") else np.append(ends, len(self.block.text))

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        starts = np.append(0, self.ends[:-1] + 1)
        lines = zip(starts[rows].tolist(), self.ends[rows].tolist(), strict=True)
        return rows + self.block.first_line, [_shown(self.block.text[start:end]) for start, end in lines]


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Records read one by one, each with its line number and text."""

    frame: pl.DataFrame
    lines: npt.NDArray[np.int64]
    raw: list[str]
    malformed: Malformed

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        return self.lines[rows], [self.raw[row] for row in rows.tolist()]


@dataclass(frozen=True, slots=True)
class RowTable:
    """Typed rows of a file without lines: they are numbered from first on, their raw text is their fields."""

    frame: pl.DataFrame
    first: int
    malformed: Malformed = ()

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        shown = self.frame[rows].rows()
        return rows + self.first, [",".join("" if value is None else str(value) for value in row) for row in shown]


def fast_table(block: Block, columns: Columns) -> LineTable | None:
    """The block as Polars reads it, if that is certain to be one record a line with no field too many."""
    quoted = b'"' in block.text
    if block.overlong or (quoted and not _quotes_close_on_each_line(block.text)):
        return None
    names = [f"column_{position}" for position in range(1, len(columns.header) + 1)]
    try:
        frame = pl.read_csv(
            block.text,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            columns=[names[position] for position in sorted(set(columns.position.values()))],
            quote_char='"' if quoted else None,
            missing_columns="insert",
        )
    except PolarsError:  # a line with too many fields, bytes that are not UTF-8, marks in odd places
        return None
    if frame.height != block.lines:
        return None
    return LineTable(frame.select(**{field: names[place] for field, place in columns.position.items()}), block)


def exact_table(block: Block, columns: Columns, *, final: bool) -> tuple[RecordTable, bytes]:
    """The block read slowly, and what is left of it when a record may go on in the next one."""
    if block.overlong:
        frame = pl.DataFrame(schema=dict.fromkeys(columns.position, pl.String))
        malformed = [(block.first_line, Reason.OVERLONG, _shown(block.text))]
        return RecordTable(frame, np.empty(0, np.int64), [], malformed), b""
    records = read_records(block.text, block.first_line, len(columns.header), final=final)
    frame = pl.DataFrame(
        {
            field: pl.Series([fields[place] for fields in records.fields], dtype=pl.String)
            for field, place in columns.position.items()
        }
    )
    lines = np.array(records.lines, dtype=np.int64)
    return RecordTable(frame, lines, records.raw, records.malformed), records.unfinished


def _quotes_close_on_each_line(text: bytes) -> bool:
    characters = np.frombuffer(text, dtype=np.uint8)
    marks = np.flatnonzero(characters == ord('"'))
    before_end = np.searchsorted(marks, np.flatnonzero(characters == ord("\n")))
    return len(marks) % 2 == 0 and not (before_end % 2).any()


def _shown(text: bytes) -> str:
    return text[: 4 * RAW_CHARACTERS].decode(errors="replace").rstrip("\r")[:RAW_CHARACTERS]
