"""Files into rows."""

import csv
import json
import zipfile
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from opsroom.core.errors import Invalid, TooLarge, UnsupportedMedia
from opsroom.core.tabular.cells import text_of
from opsroom.core.tabular.writing import MEDIA_TYPES, SHEET_ROWS, Kind

LINE_LETTERS = 16 << 20
SHEET_BYTES = 2 << 30  # unpacked; read in pieces
PART_BYTES = 64 << 20  # of any other part, which is held in memory
SMALL_BYTES = 16 << 20  # what may be packed as tightly as it likes
TIGHTEST = 100  # times that more may be packed: workbooks of people are at 5 to 50, bombs at 1000
PIECE_BYTES = 1 << 20  # of XML without a tag: far more than the longest cell; smaller parts are not looked through
HELD_BYTES = 8 << 20  # of a sheet from the end of a row to that of the next, which are held in memory
PART_TAGS = 4_000_000  # of any other part: a million texts
MOST_PARTS = 2000
MOST_CELLS = 25_000_000

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
            yield from _below_header(_csv_rows(path) if kind is Kind.CSV else _bounded(_sheet_rows(path)))
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


def _bounded(rows: Iterator[Sequence[str | None]]) -> Iterator[Sequence[str | None]]:
    """The library keeps some bytes for each row, and makes up the rows and cells that a sheet leaves out."""
    cells = 0
    for number, row in enumerate(rows):
        cells += len(row)
        if number > SHEET_ROWS or cells > MOST_CELLS:
            most = f"{SHEET_ROWS} rows and {MOST_CELLS} cells"
            raise TooLarge(f"Of a sheet up to {most} are read; send CSV or NDJSON.", code="sheet_too_large")
        yield row


def _refuse_bombs(path: Path) -> None:
    """A part cannot give more bytes than its header says: reading stops there."""
    try:
        with zipfile.ZipFile(path) as book:
            parts = book.infolist()
            if len(parts) > MOST_PARTS or any(_is_bomb(part) for part in parts):
                raise _bomb()
            for part in parts:
                if part.file_size > PIECE_BYTES:
                    with book.open(part) as opened:
                        _look_through(opened, is_sheet=_is_sheet(part))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Invalid("The file is not an XLSX workbook.", code="file_unreadable") from None


def _is_bomb(part: zipfile.ZipInfo) -> bool:
    most = SHEET_BYTES if _is_sheet(part) else PART_BYTES
    tight = part.file_size > SMALL_BYTES and part.file_size > TIGHTEST * part.compress_size
    return part.file_size > most or tight


def _is_sheet(part: zipfile.ZipInfo) -> bool:
    return part.filename.startswith("xl/worksheets/")


def _look_through(part: IO[bytes], *, is_sheet: bool) -> None:
    """Whatever stands between two tags is held in memory, however long it is; so is a row, and what is no row. Comments
    and CDATA, in which a `<` is no tag, are written by no spreadsheet, nor are large parts in two bytes a letter.
    """
    last, tags, held, piece = b"", 0, 0, part.read(PIECE_BYTES)
    if piece[:2] in {BOM_UTF16_LE, BOM_UTF16_BE}:
        raise _bomb()
    if not piece.lstrip(BOM_UTF8 + b" \t\r\n").startswith(b"<"):
        return  # a picture, say: no XML, of which nothing would be read
    while piece:
        tags += piece.count(b"<")
        end = piece.rfind(b"</row")
        held = held + len(piece) if end < 0 else len(piece) - end
        endless = len(piece) == PIECE_BYTES and b"<" not in piece
        if endless or b"<!" in last + piece or (held > HELD_BYTES if is_sheet else tags > PART_TAGS):
            raise _bomb()
        last, piece = piece[-1:], part.read(PIECE_BYTES)


def _bomb() -> TooLarge:
    return TooLarge("The workbook unpacks to more than is read here; send CSV or NDJSON.", code="zip_bomb")
