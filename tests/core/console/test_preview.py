"""The first rows of a finished file."""

from pathlib import Path

import pytest

from opsroom.core.console.preview import ENOUGH, ROWS, read_preview
from opsroom.core.errors import Unavailable
from opsroom.core.storage.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


async def test_fifty_rows_are_shown_and_numbers_stand_at_the_right(blobs: Blobs) -> None:
    lines = [f'{at},{at * 2},{"" if at % 2 else at / 4},"a, quoted ""name"" {at}"' for at in range(200)]
    kept = await blobs.keep_bytes(("store_id,count,share,name\n" + "\n".join(lines) + "\n").encode())
    preview = await read_preview(blobs, kept.sha256)
    assert list(preview.columns) == ["store_id", "count", "share", "name"]
    assert len(preview.rows) == ROWS
    assert list(preview.rows[3]) == ["3", "6", "", 'a, quoted "name" 3']
    # The identifiers are digits, and still names.
    assert list(preview.numeric) == [False, True, True, False]


async def test_a_row_that_is_cut_by_the_reading_limit_is_left_out(blobs: Blobs) -> None:
    wide = "x" * (ENOUGH // 3)
    kept = await blobs.keep_bytes(f"name\n{wide}\n{wide}\n{wide}\nlast\n".encode())
    preview = await read_preview(blobs, kept.sha256)
    assert [row[0] for row in preview.rows] == [wide, wide]


@pytest.mark.parametrize(("content", "columns"), [(b"", []), (b"a,b\n", ["a", "b"])])
async def test_an_empty_file_has_no_rows(blobs: Blobs, content: bytes, columns: list[str]) -> None:
    preview = await read_preview(blobs, (await blobs.keep_bytes(content)).sha256)
    assert (list(preview.columns), list(preview.rows)) == (columns, [])


async def test_changed_bytes_are_never_shown(blobs: Blobs, tmp_path: Path) -> None:
    kept = await blobs.keep_bytes(b"name\nright\n")
    (tmp_path / "artifacts" / kept.sha256[:2] / kept.sha256).write_bytes(b"name\nwrong\n")
    with pytest.raises(Unavailable, match="corrupted"):
        await read_preview(blobs, kept.sha256)
