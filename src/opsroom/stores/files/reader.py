"""Reading one file: the header at once, the rows in batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from opsroom.stores.files.ahead import work_ahead
from opsroom.stores.files.columns import Columns, choose_columns, header_fields
from opsroom.stores.files.kinds import Kind, Reading
from opsroom.stores.files.refusal import RefusedFileError
from opsroom.stores.files.rejects import SCHEMA, rejected_rows
from opsroom.stores.files.rows import RowTable, Table, exact_table, fast_table
from opsroom.stores.files.source import Block, blocks, count_lines, is_parquet

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
    """An opened file: its columns are found; batches() reads it from its beginning."""

    path: Path
    kind: Kind
    columns: Columns
    reading: Reading

    def batches(self) -> Iterator[Batch]:
        """In order, a few hundred thousand rows at a time; RefusedFileError where the file turns out damaged."""
        if not is_parquet(self.path):
            yield from self._from_lines()
            return
        for table in _parquet_tables(self.path, self.columns):
            yield self._batch(table)

    def _from_lines(self) -> Iterator[Batch]:
        unfinished: Block | None = None
        for block, future in work_ahead(self._fast_batch, _without_header(blocks(self.path))):
            batch = future.result() if unfinished is None else None
            if batch is not None:
                yield batch
                continue
            for part, final in _joined(unfinished, block):
                table, rest = exact_table(part, self.columns, final=final)
                unfinished = _rest(part, rest)
                yield self._batch(table)
        if unfinished is not None:
            yield self._batch(exact_table(unfinished, self.columns, final=True)[0])

    def _fast_batch(self, block: Block) -> Batch | None:
        table = fast_table(block, self.columns)
        return None if table is None else self._batch(table)

    def _batch(self, table: Table) -> Batch:
        frame, reasons = self.kind.parse(table.frame, self.reading)
        malformed = pl.DataFrame(
            [(line, reason.sentence, raw) for line, reason, raw in table.malformed], schema=SCHEMA, orient="row"
        )
        bad = np.flatnonzero(reasons)
        if len(bad) == 0:
            return Batch(frame, malformed)
        lines, raw = table.locate(bad)
        rejects = rejected_rows(lines, reasons[bad], raw).filter(pl.col("raw").str.strip_chars() != "")
        return Batch(frame.filter(pl.Series(reasons == 0)), pl.concat([rejects, malformed]).sort("line"))


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
                return header_fields(str(path), line.decode(errors="replace"))
    raise RefusedFileError(f"{path} is empty; a CSV file with a header line is expected.")


def _without_header(all_blocks: Iterator[Block]) -> Iterator[Block]:
    for block in all_blocks:
        header, start, lines = b"", 0, 0
        while not header and start < len(block.text):
            end = block.text.find(b"\n", start) + 1 or len(block.text)
            header = block.text[start:end].strip()
            start, lines = end, lines + 1
        if start < len(block.text):
            yield Block(block.text[start:], block.first_line + lines, block.lines - lines)
        if header:
            yield from all_blocks


def _joined(unfinished: Block | None, block: Block) -> list[tuple[Block, bool]]:
    """What to read after an unfinished record, and whether it ends there."""
    if unfinished is None:
        return [(block, False)]
    if block.overlong:
        return [(unfinished, True), (block, True)]
    return [(Block(unfinished.text + block.text, unfinished.first_line, unfinished.lines + block.lines), False)]


def _rest(block: Block, text: bytes) -> Block | None:
    if not text:
        return None
    lines = count_lines(text)
    return Block(text, block.first_line + block.lines - lines, lines)


def _parquet_header(path: Path) -> tuple[str, ...]:
    try:
        schema = pl.scan_parquet(path).collect_schema()
    except PolarsError as error:
        raise RefusedFileError(f"{path} is damaged: it cannot be read as Parquet ({error}).") from error
    return tuple(schema.names())


def _parquet_tables(path: Path, columns: Columns) -> Iterator[Table]:
    wanted = {field: pl.col(columns.header[place]) for field, place in columns.position.items()}
    scan = pl.scan_parquet(path).select(**wanted)
    begin, table = 0, None
    try:
        while table is None or table.height == PARQUET_ROWS:
            table = scan.slice(begin, PARQUET_ROWS).collect()
            yield RowTable(table, begin + 1)
            begin += table.height
    except PolarsError as error:
        raise RefusedFileError(f"{path} is damaged: it cannot be read as Parquet ({error}).") from error
