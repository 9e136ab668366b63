"""Files into rows."""

import csv
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from opsroom.core.errors import Invalid, TooLarge, UnsupportedMedia
from opsroom.core.tabular.cells import text_of
from opsroom.core.tabular.writing import MEDIA_TYPES, Kind

LINE_LETTERS = 16 << 20
SHEET_BYTES = 2 << 30  # unpacked; read in pieces
PART_BYTES = 128 << 20  # of any other part, which is held in memory
SMALL_BYTES = 16 << 20  # what may be packed as tightly as it likes
TIGHTEST = 100  # times that more may be packed: workbooks of people are at 5 to 50, bombs at 1000
ELEMENT_BYTES = 1 << 20  # of XML without a tag: far more than the longest cell
MOST_PARTS = 2000

csv.field_size_limit(LINE_LETTERS)


@dataclass(frozen=True, slots=True)
class Row:
    """number: as a spreadsheet counts; the header is row 1, NDJSON has none
    values: texts by column, null for an empty cell; from NDJSON values of any type
    problem: what keeps the row from being read; then there are no values
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None


def kind_of(content_type: str) -> Kind:
    """
    Raises:
        UnsupportedMedia: no such files are read.
    """
    wanted = content_type.partition(";")[0].strip().lower()
    for kind, media_type in MEDIA_TYPES.items():
        if wanted == media_type.partition(";")[0]:
            return kind
    known = ", ".join(media_type.partition(";")[0] for media_type in MEDIA_TYPES.values())
    raise UnsupportedMedia(f"The Content-Type {wanted[:80] or '(none)'} is not read here; send one of {known}.")


def read_rows(path: Path, kind: Kind) -> Iterator[Row]:
    """
    Raises:
        Invalid, TooLarge: the file is not of its kind, or would unpack to more than is read.
    """
    try:
        if kind is Kind.NDJSON:
            yield from _lines(path)
        else:
            yield from _below_header(_csv_rows(path) if kind is Kind.CSV else _sheet_rows(path))
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8 text.", code="file_unreadable") from None


def _lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        number = 0
        while line := file.readline(LINE_LETTERS):
            number += 1
            if len(line) == LINE_LETTERS:
                raise TooLarge(f"Line {number} is longer than {LINE_LETTERS} characters.")
            if line.strip():
                yield _object(number, line)


def _object(number: int, line: str) -> Row:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, {}, "the line is not JSON")
    return Row(number, found) if isinstance(found, dict) else Row(number, {}, "a JSON object is expected")


def _below_header(rows: Iterator[Sequence[str | None]]) -> Iterator[Row]:
    names = [name.strip() if name else "" for name in next(rows, ())]
    while names and not names[-1]:
        names.pop()
    if not all(names) or len(set(names)) < len(names) or not names:
        raise Invalid("The first row must name the columns, each once.", code="file_unreadable")
    for number, cells in enumerate(rows, start=2):
        if any(cells[len(names) :]):
            yield Row(number, {}, f"the row has more cells than the header, which has {len(names)}")
        elif any(cells):
            given = [*cells, *[None] * (len(names) - len(cells))]
            yield Row(number, {name: cell or None for name, cell in zip(names, given, strict=False)})


def _csv_rows(path: Path) -> Iterator[Sequence[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            yield from reader
        except csv.Error as error:
            raise Invalid(f"Line {reader.line_num} is not CSV: {error}.", code="file_unreadable") from None


def _sheet_rows(path: Path) -> Iterator[Sequence[str | None]]:
    """Of the first sheet, as values; a formula counts as what it came to when the file was saved."""
    _refuse_bombs(path)
    try:
        with path.open("rb") as file:
            # An open file, because of a path the library looks at the ending of its name.
            sheet = load_workbook(file, read_only=True, data_only=True, keep_links=False).worksheets[0]
            sheet.reset_dimensions()
            for cells in sheet.iter_rows(values_only=True):
                yield [unescape(cell) if isinstance(cell, str) else text_of(cell) for cell in cells]
    except (Invalid, TooLarge, GeneratorExit):
        raise
    except Exception as error:  # the library lets everything through that a broken file can cause
        raise Invalid("The file is not a workbook that can be read.", code="file_unreadable") from error


def _refuse_bombs(path: Path) -> None:
    """A part cannot give more bytes than its header says: reading stops there."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if len(parts) > MOST_PARTS or any(_is_bomb(part) for part in parts):
                raise _bomb()
            for part in parts:
                if part.file_size > SMALL_BYTES:
                    with book.open(part) as xml:
                        _refuse_long_elements(xml)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Invalid("The file is not an XLSX workbook.", code="file_unreadable") from None


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    most = SHEET_BYTES if part.filename.startswith("xl/worksheets/") else PART_BYTES
    tight = part.file_size > SMALL_BYTES and part.file_size > TIGHTEST * part.compress_size
    return part.file_size > most or tight


def _refuse_long_elements(xml: IO[bytes]) -> None:
    """Whatever stands between two tags is held in memory, however long it is. Comments and CDATA, in which a `<` is no
    tag, are written by no spreadsheet.
    """
    while piece := xml.read(ELEMENT_BYTES):
        if (len(piece) == ELEMENT_BYTES and b"<" not in piece) or b"<!" in piece:
            raise _bomb()


def _bomb() -> TooLarge:
    return TooLarge("The workbook unpacks to more than is read here; send CSV or NDJSON.", code="zip_bomb")
