"""Files that run something, unpack to more than a machine holds, or are not what they say."""

import gzip
import io
import sys
import zipfile
import zlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from PIL import Image

from opsroom.core.errors import Invalid, TooLarge
from opsroom.core.tabular import reading
from opsroom.core.tabular.cells import guarded, unguarded
from opsroom.core.tabular.frames import neutralised
from opsroom.core.tabular.reading import read_rows
from opsroom.core.tabular.writing import Kind
from opsroom.quality.images.reading import read_picture
from opsroom.stores.files import RefusedFileError, source

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1+1",
    "\u00a0=1",
    "\uff1d1",
    "\uff0b1",
    "\uff201",
]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADER = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>'


@pytest.mark.parametrize("text", FORMULAS, ids=repr)
def test_a_text_that_would_be_a_formula_is_shown_and_comes_back(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text
    assert neutralised(pl.DataFrame({"name": [text]}))["name"].to_list() == [f"'{text}"]


@pytest.mark.parametrize("text", ["plain", "a=1", "1-1", "", "mail@example.com", "'quoted'"])
def test_a_text_that_is_none_stays_in_a_report(text: str) -> None:
    assert neutralised(pl.DataFrame({"name": [text]}))["name"].to_list() == [text]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_formulas_in_names_of_stores_run_in_no_file(
    admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    formula = "=HYPERLINK(1)"
    polls = f'store_id,timestamp_utc,status\n"{formula}",2026-10-27 14:00:00 UTC,active\n"{formula}",yesterday,=2+2\n'
    files = {"status": ("status.csv", polls.encode())}
    assert (await admin.post("/api/v1/stores/imports", files=files)).status_code == 202
    await work()
    asked = {"type": "stores.uptime", "format": "csv", "parameters": {}}
    report = (await admin.post("/api/v1/reports", json=asked)).json()
    await work()
    imports = (await admin.get("/api/v1/stores/imports")).json()
    rejects = [each["rejects_id"] for each in imports.get("items", []) if each.get("rejects_id")]
    paths = [f"/api/v1/reports/{report['id']}/download", "/api/v1/stores/export", "/console/audit/export"]
    paths += [f"/api/v1/artifacts/{each}/download" for each in rejects]
    seen = 0
    for path in paths:
        answer = await admin.get(path)
        assert answer.status_code == 200, (path, answer.text)
        cells = [cell.strip('"') for line in answer.text.splitlines() for cell in line.split(",")]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))], path
        seen += formula in answer.text
    assert seen >= 2, "the formula stood where it was looked for"


def relation(kind: str, target: str) -> str:
    one = f'<Relationship Id="rId1" Type="{OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{PACKAGE}/relationships">{one}</Relationships>'


def workbook(path: Path, sheet: Iterator[bytes], **parts: bytes) -> Path:
    """A workbook of one sheet, made by hand."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        )
        book.writestr("_rels/.rels", relation("officeDocument", "xl/workbook.xml"))
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>",
        )
        book.writestr("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml"))
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for piece in sheet:
                part.write(piece)
        for name, content in parts.items():
            book.writestr(name.replace("__", "/"), content)
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [row.values for row in read_rows(path, Kind.XLSX)]


def cell(text: str) -> str:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def test_a_workbook_made_by_hand_is_read(tmp_path: Path) -> None:
    rows = f"<row>{cell('code')}</row><row>{cell('a')}</row></sheetData></worksheet>"
    assert rows_of(workbook(tmp_path / "a", iter([(HEADER + rows).encode()]))) == [{"code": "a"}]


def test_a_sheet_packed_tighter_than_people_pack_is_refused(tmp_path: Path) -> None:
    def sheet() -> Iterator[bytes]:
        yield HEADER.encode()
        for _ in range(40):
            yield b"<row></row>" * 100_000
        yield b"</sheetData></worksheet>"

    path = workbook(tmp_path / "bomb", sheet())
    assert path.stat().st_size < 200_000
    with pytest.raises(TooLarge, match="unpacks to more"):
        rows_of(path)


def test_a_cell_without_an_end_is_not_held_in_memory(tmp_path: Path) -> None:
    """Noise, so that it is not packed tightly."""
    letters = bytes(range(97, 123)) * 1000

    def sheet() -> Iterator[bytes]:
        yield (HEADER + "<row><c t='inlineStr'><is><t>").encode()
        for number in range(900):
            yield zlib.adler32(b"%d" % number).to_bytes(4, "big").hex().encode() + letters[number:]
        yield b"</t></is></c></row></sheetData></worksheet>"

    with pytest.raises(TooLarge, match="unpacks to more"):
        rows_of(workbook(tmp_path / "long", sheet()))


def test_the_same_in_a_comment_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 100)
    hidden = HEADER + "<!--" + "<a>" * 300 + "--></sheetData></worksheet>"
    with pytest.raises(TooLarge, match="unpacks to more"):
        rows_of(workbook(tmp_path / "comment", iter([hidden.encode()])))


@pytest.mark.parametrize("shift", [0, 1])
def test_a_comment_is_found_between_two_pieces_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    """The first piece ends after its `<`, or before it."""
    monkeypatch.setattr(reading, "PIECE_BYTES", len(HEADER) + shift)
    hidden = HEADER + "<!--" + "<a>" * 300 + "--></sheetData></worksheet>"
    with pytest.raises(TooLarge, match="unpacks to more"):
        rows_of(workbook(tmp_path / "comment", iter([hidden.encode()])))


@pytest.mark.parametrize(
    "inside", ["<row>" + "<c/>" * 3000 + "</row>", "<row/><foo/>" * 1500], ids=["a row", "what is no row"]
)
def test_what_is_held_in_memory_of_a_sheet_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 1000)
    monkeypatch.setattr(reading, "HELD_BYTES", 8000)
    sheet = HEADER + f"<row>{cell('code')}</row>" + inside + "</sheetData></worksheet>"
    with pytest.raises(TooLarge, match="unpacks to more"):
        rows_of(workbook(tmp_path / "held", iter([sheet.encode()])))


def test_as_many_short_rows_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 1000)
    monkeypatch.setattr(reading, "HELD_BYTES", 8000)
    rows = f"<row>{cell('code')}</row>" + f"<row>{cell('a')}</row>" * 3000 + "</sheetData></worksheet>"
    assert len(rows_of(workbook(tmp_path / "a", iter([(HEADER + rows).encode()])))) == 3000


def test_texts_beyond_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 1000)
    monkeypatch.setattr(reading, "PART_TAGS", 1000)
    texts = f'<sst xmlns="{MAIN}">'.encode() + b"<si/>" * 1100 + b"</sst>"
    picture = b"\x89PNG" + b"<" * 3000
    path = workbook(tmp_path / "a", iter([HEADER.encode()]), xl__texts=texts)
    with pytest.raises(TooLarge, match="unpacks to more"):
        rows_of(path)
    rows = f"<row>{cell('code')}</row><row>{cell('a')}</row></sheetData></worksheet>"
    with_picture = workbook(tmp_path / "b", iter([(HEADER + rows).encode()]), xl__media__one=picture)
    assert rows_of(with_picture) == [{"code": "a"}]


@pytest.mark.parametrize(
    ("name", "sheet"),
    [
        ("SHEET_ROWS", '<row r="1"><c r="A1"/></row><row r="500"><c r="A500"/></row>'),
        ("MOST_CELLS", '<row r="1"><c r="A1"/></row>' + '<row><c r="ZZ2"/></row>'),
    ],
    ids=["rows", "cells"],
)
def test_a_sheet_may_not_make_up_rows_or_cells_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, sheet: str
) -> None:
    monkeypatch.setattr(reading, name, 400)
    named = sheet.replace('<c r="A1"/>', '<c r="A1" t="inlineStr"><is><t>code</t></is></c>')
    with pytest.raises(TooLarge, match="send CSV or NDJSON") as refused:
        rows_of(workbook(tmp_path / "a", iter([(HEADER + named + "</sheetData></worksheet>").encode()])))
    assert refused.value.code == "sheet_too_large"


def test_entities_are_not_unfolded(tmp_path: Path) -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>' + HEADER[21:]
    rows = f"<row>{cell('code')}</row><row>{cell('&l9;')}</row></sheetData></worksheet>"
    with pytest.raises(Invalid, match="not a workbook"):
        rows_of(workbook(tmp_path / "laughs", iter([(bomb + rows).encode()])))


def test_a_file_outside_is_not_read_into_a_cell(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret")
    outer = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY out SYSTEM "file://{tmp_path}/secret">]>' + HEADER[21:]
    rows = f"<row>{cell('code')}</row><row>{cell('&out;')}</row></sheetData></worksheet>"
    with pytest.raises(Invalid, match="not a workbook"):
        rows_of(workbook(tmp_path / "outer", iter([(outer + rows).encode()])))


def test_a_part_that_lies_about_its_size_gives_no_more_than_it_says(tmp_path: Path) -> None:
    rows = f"<row>{cell('code')}</row>" + f"<row>{cell('a')}</row>" * 1000 + "</sheetData></worksheet>"
    path = workbook(tmp_path / "liar", iter([(HEADER + rows).encode()]))
    size = len(HEADER + rows).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (300).to_bytes(4, "little")))
    with pytest.raises(Invalid):
        rows_of(path)


def test_countless_parts_are_refused(tmp_path: Path) -> None:
    parts = {f"xl__part{number}.xml": b"<a/>" for number in range(2100)}
    with pytest.raises(TooLarge):
        rows_of(workbook(tmp_path / "many", iter([HEADER.encode()]), **parts))


def test_names_in_an_archive_are_never_written(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "book"
    path.parent.mkdir()
    rows = f"<row>{cell('code')}</row></sheetData></worksheet>"
    workbook(path, iter([(HEADER + rows).encode()]), **{"..__..__evil": b"x", "__tmp__evil": b"x"})
    assert rows_of(path) == []
    assert [each.name for each in tmp_path.rglob("evil")] == []


@pytest.mark.parametrize("packed_by", ["gzip", "zstd"])
def test_a_packed_file_that_unpacks_beyond_reason_is_refused(
    tmp_path: Path, packed_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "UNPACKED_FREELY", 1 << 20)
    content = b"store_id,timestamp_utc,status\n" + b"x\n" * (20 << 20)
    path = tmp_path / "polls"
    path.write_bytes(gzip.compress(content) if packed_by == "gzip" else zstd.compress(content))
    with pytest.raises(RefusedFileError, match="times its size"):
        list(source.blocks(path))


def png(width: int, height: int, kind: str = "1") -> bytes:
    content = io.BytesIO()
    Image.new(kind, (width, height)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    ("width", "height"), [(8193, 1), (1, 8193), (6001, 6000), (100_000, 100_000), (2_000_000_000, 2)]
)
def test_an_image_is_judged_by_its_head_before_it_is_unpacked(tmp_path: Path, width: int, height: int) -> None:
    small = bytearray(png(8, 8))
    small[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    small[29:33] = zlib.crc32(bytes(small[12:29])).to_bytes(4, "big")
    path = tmp_path / "image"
    path.write_bytes(small)
    with pytest.raises(Invalid, match="pixels"):
        read_picture(path)


def test_a_note_in_an_image_is_no_bomb(tmp_path: Path) -> None:
    image = png(8, 8)
    text = b"note\0\0" + zlib.compress(bytes(80 << 20), 9)
    chunk = len(text).to_bytes(4, "big") + b"zTXt" + text + zlib.crc32(b"zTXt" + text).to_bytes(4, "big")
    path = tmp_path / "image"
    path.write_bytes(image[:33] + chunk + image[33:])
    with pytest.raises(Invalid):
        read_picture(path)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PDF", "EPS", "ICO"])
def test_only_two_kinds_of_image_are_opened_at_all(tmp_path: Path, kind: str) -> None:
    content = io.BytesIO()
    Image.new("RGB", (8, 8)).save(content, kind)
    path = tmp_path / "image.png"
    path.write_bytes(content.getvalue())
    with pytest.raises(Invalid, match="no PNG or JPEG"):
        read_picture(path)
