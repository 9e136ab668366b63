"""Reading one file: the header at once, the rows in batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from opsroom.stores.files.columns import Columns, choose_columns, header_fields
from opsroom.stores.files.kinds import Kind, Reading
from opsroom.stores.files.refusal import RefusedFileError
from opsroom.stores.files.rejects import SCHEMA, rejected_rows
from opsroom.stores.files.rows import Table, parquet_tables, read_tables
from opsroom.stores.files.source import Block, blocks, is_parquet

PARQUET_ROWS = 500_000
HEADER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Batch:
    """Accepted rows, typed (see the kind's schema), and rejected ones (line, reason, raw)."""

    frame: pl.DataFrame
    rejects: pl.DataFrame

    @property
    def rows(self) -> int:
        return self.frame.height + self.rejects.height


@dataclass(frozen=True, slots=True)
class StoreFile:
    """An opened file: its columns are found; batches() reads it once from its beginning."""

    path: Path
    kind: Kind
    columns: Columns
    reading: Reading

    def batches(self) -> Iterator[Batch]:
        """A few hundred thousand rows at a time. Raises RefusedFileError where the file turns out damaged."""
        for table in _tables(self.path, self.columns):
            yield _batch(table, self.kind, self.reading)


def open_file(path: Path, kind: Kind, reading: Reading, mapping: Mapping[str, str] | None = None) -> StoreFile:
    """Find the columns of a file, or refuse it; mapping: field to column name, before the usual spellings."""
    header = _parquet_header(path) if is_parquet(path) else _csv_header(path)
    return StoreFile(path, kind, choose_columns(str(path), header, kind.fields, mapping), reading)


def _csv_header(path: Path) -> tuple[str, ...]:
    for block in blocks(path, HEADER_BYTES):
        for line in block.text.split(b"\n"):
            if line.strip():
                if block.overlong:
                    raise RefusedFileError(f"{path}: its first line is no header: it is longer than 1 MiB.")
                return header_fields(line.decode(errors="replace"))
    raise RefusedFileError(f"{path} is empty; a CSV file with a header line is expected.")


def _tables(path: Path, columns: Columns) -> Iterator[Table]:
    if is_parquet(path):
        try:
            yield from parquet_tables(path, columns, PARQUET_ROWS)
        except PolarsError as error:
            raise RefusedFileError(f"{path} is damaged: it cannot be read as Parquet ({error}).") from error
        return
    yield from read_tables(_without_header(blocks(path)), columns)


def _without_header(all_blocks: Iterator[Block]) -> Iterator[Block]:
    for block in all_blocks:
        start, line = 0, block.first_line
        while start < len(block.text):
            end = block.text.find(b"\n", start) + 1 or len(block.text)
            header = block.text[start:end].strip()
            start, line = end, line + 1
            if header:
                rest = [Block(block.text[start:], line)] if start < len(block.text) else []
                yield from chain(rest, all_blocks)
                return


def _parquet_header(path: Path) -> tuple[str, ...]:
    try:
        schema = pl.scan_parquet(path).collect_schema()
    except PolarsError as error:
        raise RefusedFileError(f"{path} is damaged: it cannot be read as Parquet ({error}).") from error
    return tuple(schema.names())


def _batch(table: Table, kind: Kind, reading: Reading) -> Batch:
    frame, reasons = kind.parse(table.frame, reading)
    malformed = pl.DataFrame(
        [(line, reason.sentence, raw) for line, reason, raw in table.malformed], schema=SCHEMA, orient="row"
    )
    bad = np.flatnonzero(reasons)
    if len(bad) == 0:
        return Batch(frame, malformed)
    lines, raw = table.locate(bad)
    rejects = rejected_rows(lines, reasons[bad], raw).filter(pl.col("raw").str.strip_chars() != "")
    return Batch(frame.filter(pl.Series(reasons == 0)), pl.concat([rejects, malformed]).sort("line"))
