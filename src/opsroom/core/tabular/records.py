"""Records into files, and files into the values of a shape."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from uuid_utils.compat import uuid7

from opsroom.core.db.fields import ColumnField
from opsroom.core.db.lists import Record, to_json
from opsroom.core.errors import Invalid
from opsroom.core.tabular.cells import Cell, cells_maker, is_json, unguarded
from opsroom.core.tabular.reading import Row, read_rows
from opsroom.core.tabular.writing import Kind, Sheet, csv_lines

BATCH = 500  # rows
PIECE = 1 << 16  # bytes

Fields = Mapping[str, ColumnField]
Problem = tuple[str | None, str]  # the field, and what was expected
Reader = tuple[bool, Callable[[str | None], Any]]


@dataclass(frozen=True, slots=True)
class ReadRow:
    """`values` as the shape gives them; None if the row has problems."""

    number: int
    values: Record | None
    problems: list[Problem] = field(default_factory=list)


async def write_file(
    pages: AsyncIterator[list[Record]], fields: Fields, names: Sequence[str], kind: Kind, scratch: Path
) -> AsyncIterator[bytes]:
    """The file in pieces. A workbook is made in `scratch` first: it cannot be sent before its end."""
    makers = [(name, cells_maker(fields[name].column.type, spelled=kind is Kind.CSV)) for name in names]

    def rows(page: list[Record]) -> Iterator[tuple[Cell, ...]]:
        return zip(*(make([record[name] for record in page]) for name, make in makers), strict=True)

    if kind is Kind.NDJSON:
        async for page in pages:
            yield b"".join(to_json(record) + b"\n" for record in page)
    elif kind is Kind.CSV:
        yield csv_lines([names])
        async for page in pages:
            yield csv_lines(rows(page))
    else:
        path = scratch / f"export-{uuid7()}.xlsx"
        try:
            with Sheet(path, names) as sheet:
                async for page in pages:
                    await asyncio.to_thread(sheet.add, rows(page))
            with path.open("rb") as file:
                while piece := await asyncio.to_thread(file.read, PIECE):
                    yield piece
        finally:
            path.unlink(missing_ok=True)


def read_file(
    path: Path, kind: Kind, shape: type[BaseModel], fields: Fields, passed_over: Container[str]
) -> Iterator[list[ReadRow]]:
    """A file's rows as values of the shape, a few hundred at a time. Columns `passed_over` may be there for nothing.

    Raises:
        Invalid, TooLarge: the file cannot be read at all, or has a column that is not known.
    """
    readers = _readers(shape, frozenset(name for name, each in fields.items() if is_json(each.column.type)))
    rows = read_rows(path, kind)
    while taken := list(islice(rows, BATCH)):
        yield [_read(row, kind, shape, readers, passed_over) for row in taken]


def _read(
    row: Row, kind: Kind, shape: type[BaseModel], readers: dict[str, Reader], passed_over: Container[str]
) -> ReadRow:
    if row.problem:
        return ReadRow(row.number, None, [(None, row.problem)])
    unknown = [name for name in row.values if name not in readers and name not in passed_over]
    if unknown:
        sentence = f"there is no {unknown[0][:80]}; there are {', '.join(readers)}"
        if kind is not Kind.NDJSON:
            raise Invalid(f"The header is not right: {sentence}.", code="unknown_column", known=list(readers))
        return ReadRow(row.number, None, [(unknown[0][:80], sentence)])
    given: Record = {}
    for name, cell in row.values.items():
        nullable, read = readers.get(name, (False, None))
        if read is None or (cell is None and not nullable and kind is not Kind.NDJSON):
            continue  # an empty cell is null where there may be one, else as if the column were not there
        try:
            given[name] = cell if kind is Kind.NDJSON else read(cell)
        except ValueError:
            return ReadRow(row.number, None, [(name, "JSON is expected")])
    try:
        return ReadRow(row.number, shape.model_validate(given).model_dump())
    except ValidationError as error:
        found: list[Problem] = [(".".join(map(str, each["loc"])) or None, each["msg"]) for each in error.errors()]
        return ReadRow(row.number, None, found)


@lru_cache(256)
def _readers(shape: type[BaseModel], documents: frozenset[str]) -> dict[str, Reader]:
    """By field: whether it may be null, and what reads a cell."""
    found: dict[str, Reader] = {}
    for name, described in shape.model_fields.items():
        nullable = described.annotation is Any or NoneType in get_args(described.annotation)
        found[name] = (nullable, _json_cell if name in documents else _text_cell)
    return found


def _json_cell(cell: str | None) -> Any:
    return None if cell is None else json.loads(cell)


def _text_cell(cell: str | None) -> str | None:
    return None if cell is None else unguarded(cell)
