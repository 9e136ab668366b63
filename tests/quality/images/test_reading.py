"""Images that should not be taken."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from opsroom.core.errors import Invalid
from opsroom.quality.images.reading import read_picture


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "image"
    path.write_bytes(content)
    return path


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    written = io.BytesIO()
    noise = Image.effect_noise(size, 50)
    noise.save(written, kind)
    return written.getvalue()


def png_that_claims(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_png_and_jpeg_are_taken(tmp_path: Path, kind: str, media_type: str) -> None:
    found = read_picture(saved(tmp_path, picture(kind)))
    assert (found.media_type, found.width, found.height) == (media_type, 40, 30)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_an_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
        (picture("BMP"), "not_an_image"),
        (picture()[:400], "broken_image"),
        (picture("JPEG")[:400], "broken_image"),
        (png_that_claims(20_000, 20_000), "image_too_large"),
        (png_that_claims(20_000, 1), "image_too_large"),
        (png_that_claims(60_000, 60_000, b"\0" * 4_000_000), "image_too_large"),
        (png_that_claims(100, 100, b"\0" * 50), "broken_image"),
    ],
    ids=["empty", "svg", "bmp", "cut png", "cut jpeg", "20000 square", "20000 wide", "zip bomb", "missing rows"],
)
def test_anything_else_is_refused_for_what_it_is(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_picture(saved(tmp_path, content))
    assert refused.value.code == code
