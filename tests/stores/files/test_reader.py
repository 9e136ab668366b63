"""Whole files: good rows typed, bad rows kept with line number, reason and text, bad files refused."""

import csv
import gzip
import io
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsroom.stores.files import (
    HOURS,
    OBSERVATIONS,
    ZONES,
    Kind,
    Reading,
    RefusedFileError,
    StoreIds,
    open_file,
    source,
)

CLOCK = 1_730_000_000_000_000
NOON = 1_674_388_800_000_000
HEADER = "store_id,status,timestamp_utc\n"
GOOD = "7,active,2023-01-22 12:00:00 UTC\n"


class Seen:
    """A file read to its end: rows with their ids, rejects."""

    def __init__(self, path: Path, kind: Kind, mapping: dict[str, str] | None = None) -> None:
        ids = StoreIds()
        self.file = open_file(path, kind, Reading(ids, CLOCK), mapping)
        batches = list(self.file.batches())
        accepted = pl.concat([pl.DataFrame(schema=kind.schema), *(batch.frame for batch in batches)])
        self.rows = accepted.with_columns(ids.texts(accepted["store"].to_numpy())).rows()
        self.rejects = [row for batch in batches for row in batch.rejects.rows()]
        self.count = sum(batch.rows for batch in batches)

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(line, reason) for line, reason, _ in self.rejects]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Seen]:
    def call(content: str | bytes, kind: Kind = OBSERVATIONS, name: str = "file.csv") -> Seen:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Seen(path, kind)

    return call


Read = Callable[..., Seen]


def test_columns_may_stand_in_any_order_among_others(read: Read) -> None:
    seen = read("remark,Timestamp,store,STATUS\nx,2023-01-22T12:00:00Z, 007 , Inactive\n")
    assert seen.rows == [("007", NOON, 0)]
    assert seen.file.columns.taken() == {"store_id": "store", "timestamp_utc": "Timestamp", "status": "STATUS"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",active,2023-01-22 12:00:00 UTC", "store id is missing"),
        ("  ,active,2023-01-22 12:00:00 UTC", "store id is missing"),
        ("8.1E+18,active,2023-01-22 12:00:00 UTC", "spreadsheet"),
        ("8E+18,active,2023-01-22 12:00:00 UTC", "spreadsheet"),
        (f"{'9' * 300},active,2023-01-22 12:00:00 UTC", "longer than 255"),
        ("7,up,2023-01-22 12:00:00 UTC", "neither active nor inactive"),
        ("7,,2023-01-22 12:00:00 UTC", "status is missing"),
        ("7,active,", "timestamp is missing"),
        ("7,active", "timestamp is missing"),
        ("7", "timestamp is missing"),
        ("7,active,2023-01-22 12:00:00.1234567 UTC", "malformed"),
        ("7,active,9999-01-22 12:00:00 UTC", "ahead of the clock"),
        ("7,active,1999-01-22 12:00:00 UTC", "before the year 2000"),
        ("7,active,2023-01-22 12:00:00 UTC,more", "more fields"),
        ('7,"active,2023-01-22 12:00:00 UTC', "quotation marks"),
        ("store_id,status,timestamp_utc", "malformed"),
    ],
)
def test_a_bad_row_is_kept_with_its_line_reason_and_text_and_the_others_are_taken(
    read: Read, row: str, reason: str
) -> None:
    seen = read(HEADER + GOOD + row + "\n" + GOOD)
    assert seen.rows == [("7", NOON, 1)] * 2
    assert seen.count == 3
    [(line, why, raw)] = seen.rejects
    assert line == 3
    assert reason in why
    assert raw == row


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_numbers_count_blank_lines_and_lines_inside_quotes(read: Read, ending: str) -> None:
    lines = ["", HEADER.strip(), GOOD.strip(), "", '"7","act', 'ive","2023-01-22 12:00:00 UTC"', "   ", "7,bad,x", ""]
    seen = read(ending.join(lines))
    assert seen.rows == [("7", NOON, 1)]
    assert seen.reasons == [(5, "status is neither active nor inactive"), (8, "timestamp is malformed")]
    assert seen.count == 3


def test_quoted_fields_may_hold_commas_and_line_ends(read: Read) -> None:
    seen = read(
        'store_id,note,status,timestamp_utc\n"7","a ""b"", c","active","2023-01-22 12:00:00 UTC"\n'
        '8,"two\nlines",inactive,2023-01-22 12:00:00 UTC\n9,x,bad,2023-01-22 12:00:00 UTC\n'
    )
    assert seen.rows == [("7", NOON, 1), ("8", NOON, 0)]
    assert seen.reasons == [(5, "status is neither active nor inactive")]


def test_line_numbers_are_right_in_every_block(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.blocks, "__defaults__", (200,))
    body = [GOOD.strip()] * 60
    body[10] = "7,bad,2023-01-22 12:00:00 UTC"
    body[30] = '7,"quoted\nfield",2023-01-22 12:00:00 UTC'
    body[50] = "7,bad,2023-01-22 12:00:00 UTC"
    seen = read(HEADER + "\n".join(body))
    assert [line for line, _ in seen.reasons] == [12, 32, 53]
    assert len(seen.rows) == 57


def test_a_mark_that_is_never_closed_spoils_its_own_line_only(read: Read) -> None:
    seen = read(HEADER + '7,"active,2023-01-22 12:00:00 UTC\n' + GOOD * 300)
    assert len(seen.rows) == 300
    assert seen.reasons == [(2, "quotation marks do not match")]


def test_a_mark_inside_a_field_is_an_ordinary_character(read: Read) -> None:
    seen = read(HEADER + 'a"b,active,2023-01-22 12:00:00 UTC\n' + GOOD)
    assert seen.rows == [('a"b', NOON, 1), ("7", NOON, 1)]


def test_bytes_that_are_no_utf8_reject_their_row(read: Read) -> None:
    seen = read(HEADER.encode() + b"caf\xe9,active,2023-01-22 12:00:00 UTC\n" + GOOD.encode())
    assert seen.rows == [("7", NOON, 1)]
    assert seen.reasons == [(2, "not valid UTF-8 text")]


@pytest.mark.parametrize("place", ["first", "last", "middle"])
def test_a_line_of_ten_megabytes_is_one_rejected_row(read: Read, place: str) -> None:
    long = "x" * 10_000_000 + "\n"
    parts = {"first": [long, GOOD, GOOD], "middle": [GOOD, long, GOOD], "last": [GOOD, GOOD, long.strip()]}[place]
    seen = read(HEADER + "".join(parts))
    assert seen.rows == [("7", NOON, 1)] * 2
    [(line, reason, raw)] = seen.rejects
    assert line == {"first": 2, "middle": 3, "last": 4}[place]
    assert reason == "line longer than 1 MiB"
    assert len(raw) == 2000


def test_a_line_longer_than_a_block_is_one_rejected_row(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.blocks, "__defaults__", (100_000,))
    seen = read(HEADER + GOOD + "x" * 5_000_000 + "\n" + GOOD + "y" * 5_000_000)
    assert seen.rows == [("7", NOON, 1)] * 2
    assert seen.reasons == [(3, "line longer than 1 MiB"), (5, "line longer than 1 MiB")]


def test_a_million_bad_rows_are_counted_and_numbered(read: Read) -> None:
    seen = read(HEADER + "7,active,yesterday\n" * 1_000_000 + GOOD)
    assert len(seen.rejects) == 1_000_000
    assert seen.rejects[-1] == (1_000_001, "timestamp is malformed", "7,active,yesterday")
    assert seen.rows == [("7", NOON, 1)]


def test_ids_are_kept_as_they_are_written_except_for_spaces_around(read: Read) -> None:
    ids = ["8419537941919820732", "0042", "00017c6a-7a77-4a95-bb2d-40647868aff6", "Café 1", "9223372036854775808123"]
    seen = read(HEADER + "".join(f" {store} ,active,2023-01-22 12:00:00 UTC\n" for store in ids))
    assert [row[0] for row in seen.rows] == ids


def test_a_file_of_a_header_alone_has_no_rows(read: Read) -> None:
    assert read(HEADER).count == 0
    assert read(HEADER.strip()).count == 0


if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip of two members": lambda text: gzip.compress(text[:50].encode()) + gzip.compress(text[50:].encode()),
    "gzip with bom": lambda text: gzip.compress(b"\xef\xbb\xbf" + text.encode()),
    "zstd": lambda text: zstd.compress(text.encode()),
    "zstd of two frames": lambda text: zstd.compress(text[:50].encode()) + zstd.compress(text[50:].encode()),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_are_known_by_their_first_bytes_not_by_the_name(read: Read, encoding: str) -> None:
    seen = read(ENCODINGS[encoding](HEADER + GOOD + "7,x,y\n" + GOOD), name="anything.txt")
    assert seen.rows == [("7", NOON, 1)] * 2
    assert seen.reasons == [(3, "timestamp is malformed")]


ZSTD_PACKED = zstd.compress((HEADER + GOOD * 50_000).encode())
PACKED = gzip.compress((HEADER + GOOD * 50_000).encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (PACKED[:-5], "damaged or cut off"),
        (PACKED[: len(PACKED) // 2], "damaged or cut off"),
        (PACKED[:-8] + b"00000000", "damaged or cut off"),
        (b"\x28\xb5\x2f\xfdgarbage", "damaged or cut off"),
        (ZSTD_PACKED[:-5], "damaged or cut off"),
        (ZSTD_PACKED[: len(ZSTD_PACKED) // 2], "damaged or cut off"),
        (b"PAR1 and no more", "cannot be read as Parquet"),
        (b"PK\x03\x04xxxx", "Excel workbook"),
        (HEADER.encode("utf-16-le"), "NUL bytes"),
        (b"store_id;status;timestamp_utc\n7;active;2023-01-22\n", "semicolons"),
        (b"store_id,status\n7,active\n", "timestamp_utc"),
        (b"x" * 10_000_000, "longer than 1 MiB"),
        (b"x" * 500_000, "no header"),
        (HEADER.replace("\n", "\r").encode() + b"7,active,2023-01-22\r", "carriage returns alone"),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_that_names_it(read: Read, content: bytes, words: str) -> None:
    with pytest.raises(RefusedFileError, match=words) as refused:
        read(content, name="polls.csv")
    assert "polls.csv" in str(refused.value)


@pytest.mark.parametrize("limit", [1 << 17, 16 << 20])
def test_a_name_too_long_is_no_header_whatever_the_csv_module_lets_through(read: Read, limit: int) -> None:
    before = csv.field_size_limit(limit)
    try:
        with pytest.raises(RefusedFileError, match=r"polls\.csv: its first line is no header"):
            read(b"store_id," + b"x" * 500_000, name="polls.csv")
    finally:
        csv.field_size_limit(before)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError, match="is a folder"):
        Seen(tmp_path, OBSERVATIONS)
    with pytest.raises(RefusedFileError, match="There is no file"):
        Seen(tmp_path / "none.csv", OBSERVATIONS)


def test_a_mapping_names_columns(tmp_path: Path) -> None:
    path = tmp_path / "polls.csv"
    path.write_text("shop_no,seen,online\n7,2023-01-22 12:00:00,active\n")
    mapping = {"store_id": "shop_no", "timestamp_utc": "seen", "status": "online"}
    assert Seen(path, OBSERVATIONS, mapping).rows == [("7", NOON, 1)]


def test_one_column_may_serve_two_fields(tmp_path: Path) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("zone\nUTC\n")
    assert Seen(path, ZONES, {"store_id": "zone"}).rows == [("UTC", "UTC")]


MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("7,0,9:00,17:30", (0, 540 * MINUTE, 1050 * MINUTE)),
        ("7,6,09:00:00,17:30:00", (6, 540 * MINUTE, 1050 * MINUTE)),
        ("7, 3 , 00:00:00.25 ,23:59:59.999999", (3, 250_000, 1440 * MINUTE - 1)),
        ("7,3,00:00,24:00", (3, 0, 1440 * MINUTE)),
        ("7,3,22:00:00,02:00:00", (3, 1320 * MINUTE, 120 * MINUTE)),
    ],
)
def test_hours_are_microseconds_since_local_midnight(read: Read, row: str, expected: tuple[int, int, int]) -> None:
    assert read("store_id,day,start_time_local,end_time_local\n" + row, HOURS).rows == [("7", *expected)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("7,7,09:00,17:00", "day of week"),
        ("7,-1,09:00,17:00", "day of week"),
        ("7,Monday,09:00,17:00", "day of week"),
        ("7,,09:00,17:00", "day of week"),
        ("7,0,25:00,17:00", "start time"),
        ("7,0,24:00,17:00", "start time"),
        ("7,0,,17:00", "start time"),
        ("7,0,09:00,25:00:00", "end time"),
        ("7,0,09:00,24:00:01", "end time"),
        ("7,0,09:00,17:60", "end time"),
        ("7,0,09:00,5 pm", "end time"),
        ("7,0,09:00,17:00:00.1234567", "end time"),
        (",0,09:00,17:00", "store id"),
    ],
)
def test_bad_hours_are_rejected(read: Read, row: str, reason: str) -> None:
    seen = read("store_id,day,start_time_local,end_time_local\n" + row + "\n7,0,09:00,10:00\n", HOURS)
    assert len(seen.rows) == 1
    [(line, why, raw)] = seen.rejects
    assert (line, raw) == (2, row)
    assert reason in why


def test_a_blank_zone_is_a_row_and_an_unknown_one_too(read: Read) -> None:
    seen = read("store_id,timezone_str\n7,\n8, Nowhere/At_All \n9\n,UTC\n", ZONES)
    assert seen.rows == [("7", None), ("8", "Nowhere/At_All"), ("9", None)]
    assert seen.reasons == [(5, "store id is missing")]


def test_parquet_files_are_read_typed_or_as_text(tmp_path: Path) -> None:
    moment = datetime(2023, 1, 22, 12, tzinfo=UTC)
    typed, text, hours = tmp_path / "typed", tmp_path / "text", tmp_path / "hours"
    pl.DataFrame({"store": [7, 8], "time": [moment, None], "status": ["active", "inactive"]}).write_parquet(typed)
    pl.DataFrame({"store": ["7"], "time": ["2023-01-22T12:00:00Z"], "status": ["ACTIVE "]}).write_parquet(text)
    pl.DataFrame({"store": ["7"], "day": [2], "open": [time(9)], "close": [time(17, 30)]}).write_parquet(hours)
    seen = Seen(typed, OBSERVATIONS)
    assert seen.rows == [("7", NOON, 1)]
    assert seen.rejects == [(2, "timestamp is missing", "8,,inactive")]
    assert Seen(text, OBSERVATIONS).rows == [("7", NOON, 1)]
    assert Seen(hours, HOURS).rows == [("7", 2, 540 * MINUTE, 1050 * MINUTE)]


def test_the_published_files_are_taken_whole(shared_data: Path) -> None:
    for edition, counts in (("real2023", (5032, 86_198, 13_559)), ("real2025", (364, 35_457, 4_559))):
        folder = shared_data / "stores" / edition
        for kind, name, count in zip(
            (OBSERVATIONS, HOURS, ZONES),
            ("store_status_fragment", "menu_hours", "timezones"),
            counts,
            strict=True,
        ):
            seen = Seen(folder / f"{name}.csv.gz", kind)
            assert (len(seen.rows), seen.rejects) == (count, [])


note = st.text(st.sampled_from('ab ",\n'), max_size=6)


@settings(deadline=None, max_examples=60)
@given(st.lists(note, max_size=25), st.sampled_from([1, 30, 90, 400]))
def test_cutting_the_file_into_blocks_changes_nothing(notes: list[str], block_bytes: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [
            ["note", "store", "status", "time"],
            *([note, number, "active", 1_674_388_800] for number, note in enumerate(notes)),
        ]
    )
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source.blocks, "__defaults__", (block_bytes,))
        path = Path(folder) / "file.csv"
        path.write_text(text.getvalue(), newline="")
        seen = Seen(path, OBSERVATIONS)
    assert [row[0] for row in seen.rows] == [str(number) for number in range(len(notes))]
    assert seen.rejects == []
