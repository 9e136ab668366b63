"""The bytes of a file, decompressed and as UTF-8, in blocks that end with a line."""

import codecs
import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from opsroom.stores.files.refusal import RefusedFileError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_BYTES = 8 << 20
LONGEST_LINE = 1 << 20
LINE_END_SOON = 1 << 12
UNPACKED_FREELY = 1 << 30  # bytes; beyond, a file that unpacks to so many times its size was made to fill a disk
TIGHTEST = 200

GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
FOREIGN = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"SQLite format 3": "an SQLite database",
    b"%PDF": "a PDF document",
}
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file, the number of the first and how many; overlong: one line that was cut short."""

    text: bytes
    first_line: int
    lines: int
    overlong: bool = False


def is_parquet(path: Path) -> bool:
    return _head(path).startswith(PARQUET)


def blocks(path: Path, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """The lines of a CSV file; memory is bounded by the block however long the file or a line is."""
    line = 1
    rest = b""
    for part in _text(path, block_bytes):
        joined = rest + part if rest else part
        end = joined.rfind(b"\n") + 1
        if end:
            for block in _split_overlong(joined[:end] if end < len(joined) else joined, line):
                line += block.lines
                yield block
            rest = joined[end:]
        else:
            rest = joined[: LONGEST_LINE + 1]  # the rest of an overlong line is not kept
    if rest:
        yield from _split_overlong(rest, line)


def count_lines(text: bytes) -> int:
    count = int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n")))
    return count if text.endswith(b"\n") else count + 1


def _split_overlong(text: bytes, line: int) -> Iterator[Block]:
    """Whole lines as one block, unless one of them is too long: that one becomes a block of its own, cut short."""
    start = begin = 0
    while len(text) - begin > LONGEST_LINE:
        end = text.rfind(b"\n", begin, begin + LONGEST_LINE) + 1
        if end:
            begin = end
            continue
        if begin > start:
            before = Block(text[start:begin], line, count_lines(text[start:begin]))
            line += before.lines
            yield before
        end = text.find(b"\n", begin) + 1 or len(text)
        yield Block(text[begin : begin + LONGEST_LINE], line, 1, overlong=True)
        line += 1
        start = begin = end
    if start < len(text):
        whole = text[start:] if start else text
        yield Block(whole, line, count_lines(whole))


def _text(path: Path, block_bytes: int) -> Iterator[bytes]:
    """UTF-8 without byte order mark."""
    parts = _decompressed(path, block_bytes)
    first = next(parts, b"")
    if first.startswith(UTF16):
        yield from _from_utf16(path, first, parts)
        return
    if b"\x00" in first[:4096]:
        raise RefusedFileError(f"{path} holds NUL bytes, so it is no UTF-8 text; save it as CSV in UTF-8.")
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from parts


def _from_utf16(path: Path, first: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        yield decoder.decode(first).encode()
        for part in parts:
            yield decoder.decode(part).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise RefusedFileError(
            f"{path} begins as UTF-16 but is not valid UTF-16 ({error}); save it as CSV in UTF-8."
        ) from error


def _decompressed(path: Path, block_bytes: int) -> Iterator[bytes]:
    head = _head(path)
    for magic, kind in FOREIGN.items():
        if head.startswith(magic):
            raise RefusedFileError(
                f"{path} is {kind}; give a CSV file in UTF-8 (plain, gzip or zstd) or a Parquet file."
            )
    try:
        if not head.startswith((GZIP, ZSTD)):
            yield from _plain(path, block_bytes)
            return
        most, unpacked = max(UNPACKED_FREELY, TIGHTEST * path.stat().st_size), 0
        with _stream(path, head) as stream:
            while part := stream.read(block_bytes):
                unpacked += len(part)
                if unpacked > most:
                    raise RefusedFileError(f"{path} unpacks to more than {TIGHTEST} times its size; give it unpacked.")
                yield part
    except (EOFError, zlib.error, zstd.ZstdError, OSError) as error:
        raise RefusedFileError(_why_unreadable(path, head, error)) from error


def _stream(path: Path, head: bytes) -> BinaryIO:
    if head.startswith(GZIP):
        return cast("BinaryIO", gzip.open(path, "rb"))
    return cast("BinaryIO", zstd.open(path, "rb"))


def _plain(path: Path, block_bytes: int) -> Iterator[bytes]:
    """Parts that end with a line wherever one ends soon after the block, so that nothing has to be moved."""
    position = 0
    with path.open("rb", buffering=0) as file:
        while True:
            overhang = os.pread(file.fileno(), LINE_END_SOON, position + block_bytes)
            part = os.pread(file.fileno(), block_bytes + overhang.find(b"\n") + 1, position)
            if not part:
                return
            yield part
            position += len(part)


def _head(path: Path) -> bytes:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise RefusedFileError(f"{path} is a pipe or a device, which cannot be read twice; write it to a file first.")
    try:
        with path.open("rb") as file:
            return file.read(16)
    except OSError as error:
        raise RefusedFileError(_why_unreadable(path, b"", error)) from error


def _why_unreadable(path: Path, head: bytes, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no file {path}; check its name."
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name the file in it."
    if isinstance(error, PermissionError):
        return f"{path} may not be read by this user; change its permissions."
    if head.startswith((GZIP, ZSTD)):
        kind = "gzip" if head.startswith(GZIP) else "zstd"
        return f"{path} is damaged or cut off: its {kind} data cannot be unpacked ({error}); copy it again."
    return f"{path} cannot be read ({error})."
