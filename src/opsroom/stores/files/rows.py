"""Blocks of lines as frames of texts whose rows can be found again in the file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
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


class Table(Protocol):
    """Some records of a file."""

    @property
    def frame(self) -> pl.DataFrame:
        """The wanted fields as text, null where the record ends before them."""

    @property
    def malformed(self) -> Sequence[tuple[int, Reason, str]]:
        """Records without fields: line number, reason, raw text."""

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Line number and raw text of rows of the frame."""


@dataclass(frozen=True)
class LineTable:
    """Records of exactly one line each."""

    frame: pl.DataFrame
    block: Block
    malformed: Sequence[tuple[int, Reason, str]] = ()

    @cached_property
    def ends(self) -> npt.NDArray[np.intp]:
        """Where each line ends in the block."""
        ends = np.flatnonzero(np.frombuffer(self.block.text, dtype=np.uint8) == ord("\n"))
        return ends if self.block.text.endswith(b"\n") else np.append(ends, len(self.block.text))

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        starts = np.append(0, self.ends[:-1] + 1)
        text = self.block.text
        raw = [
            text[start : min(end, start + 4 * RAW_CHARACTERS)].decode(errors="replace").rstrip("\r")[:RAW_CHARACTERS]
            for start, end in zip(starts[rows].tolist(), self.ends[rows].tolist(), strict=True)
        ]
        return rows + self.block.first_line, raw


@dataclass(frozen=True, slots=True)
class RecordTable:
    """Records read one by one, each with its line number and text."""

    frame: pl.DataFrame
    lines: npt.NDArray[np.int64]
    raw: list[str]
    malformed: Sequence[tuple[int, Reason, str]]

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        return self.lines[rows], [self.raw[row] for row in rows.tolist()]


def read_tables(blocks: Iterator[Block], columns: Columns) -> Iterator[Table]:
    """The records of all blocks, in order."""
    pending = b""
    pending_line = 0
    for block in blocks:
        text, line = pending + block.text, pending_line if pending else block.first_line
        pending = b""
        if block.overlong:
            if text is not block.text:
                yield _exact(Block(text[: -len(block.text)], line), columns, final=True)[0]
            yield _overlong(block, columns)
            continue
        fast = _fast(Block(text, line), columns)
        if fast is not None:
            yield fast
            continue
        table, pending = _exact(Block(text, line), columns, final=False)
        pending_line = line + text.count(b"\n") - pending.count(b"\n")
        yield table
    if pending:
        yield _exact(Block(pending, pending_line), columns, final=True)[0]


def _fast(block: Block, columns: Columns) -> LineTable | None:
    """The block as Polars reads it, if that is certain to be one record a line with no field too many."""
    quoted = b'"' in block.text
    if quoted and not _quotes_close_on_each_line(block.text):
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
    if frame.height != _lines(block.text):
        return None
    return LineTable(frame.select(**{field: names[place] for field, place in columns.position.items()}), block)


def _quotes_close_on_each_line(text: bytes) -> bool:
    characters = np.frombuffer(text, dtype=np.uint8)
    marks = np.flatnonzero(characters == ord('"'))
    before_end = np.searchsorted(marks, np.flatnonzero(characters == ord("\n")))
    return len(marks) % 2 == 0 and not (before_end % 2).any()


def _lines(text: bytes) -> int:
    count = int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")))
    return count if text.endswith(b"\n") else count + 1


def _exact(block: Block, columns: Columns, *, final: bool) -> tuple[RecordTable, bytes]:
    records = read_records(block.text, block.first_line, len(columns.header), final=final)
    frame = pl.DataFrame(
        {
            field: pl.Series([fields[place] for fields in records.fields], dtype=pl.String)
            for field, place in columns.position.items()
        }
    )
    lines = np.array(records.lines, dtype=np.int64)
    return RecordTable(frame, lines, records.raw, records.malformed), records.unfinished


def _overlong(block: Block, columns: Columns) -> RecordTable:
    raw = block.text[: 4 * RAW_CHARACTERS].decode(errors="replace")[:RAW_CHARACTERS]
    frame = pl.DataFrame(schema=dict.fromkeys(columns.position, pl.String))
    return RecordTable(frame, np.empty(0, np.int64), [], [(block.first_line, Reason.OVERLONG, raw)])


def parquet_tables(path: Path, columns: Columns, rows_at_once: int) -> Iterator[Table]:
    """The rows of a Parquet file; their line numbers count rows from 1, their raw text is their fields."""
    wanted = {field: columns.header[place] for field, place in columns.position.items()}
    scan = pl.scan_parquet(path).select(**{field: pl.col(name) for field, name in wanted.items()})
    total = int(scan.select(pl.len()).collect().item())
    for begin in range(0, total, rows_at_once):
        yield RowTable(scan.slice(begin, rows_at_once).collect(), begin + 1)


@dataclass(frozen=True, slots=True)
class RowTable:
    """Typed rows without text lines."""

    frame: pl.DataFrame
    first: int
    malformed: Sequence[tuple[int, Reason, str]] = ()

    def locate(self, rows: Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
        shown = self.frame[rows].rows()
        return rows + self.first, [",".join("" if value is None else str(value) for value in row) for row in shown]
