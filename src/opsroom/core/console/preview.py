"""The first rows of a finished report, without reading the whole file into memory."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from opsroom.core.storage.blobs import Blobs

ROWS = 50
ENOUGH = 256 * 1024  # bytes; fifty rows of any report fit


@dataclass(frozen=True, slots=True)
class Preview:
    """numeric: for each column, whether every shown value is a number and so stands at the right"""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: Sequence[bool]


async def read_preview(blobs: Blobs, sha256: str) -> Preview:
    """Of a CSV. The whole file is verified first, as on every read.

    Raises:
        Unavailable: the file is missing or its bytes have changed.
    """
    await blobs.verify(sha256)
    head = b"".join([part async for part in blobs.stream(sha256, 0, ENOUGH)])
    if len(head) == ENOUGH:
        head = head[: head.rfind(b"\n") + 1]
    columns, *rows = list(csv.reader(io.StringIO(head.decode("utf-8", "replace"))))[: ROWS + 1] or [[]]
    return Preview(columns, rows, [_is_numeric(name, at, rows) for at, name in enumerate(columns)])


def _is_numeric(name: str, at: int, rows: Sequence[Sequence[str]]) -> bool:
    """Identifiers made of digits are names, not numbers."""
    if name.endswith("id"):
        return False
    values = [row[at] for row in rows if at < len(row) and row[at]]
    return bool(values) and all(_reads_as_number(value) for value in values)


def _reads_as_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
