"""The slow, exact reading of CSV lines, for blocks that the fast reading does not serve.

A record is one line, or several when a quoted field holds line ends. A quotation mark that is not closed within
a hundred lines spoils its own line only, not the rest of the file.
"""

import csv
from dataclasses import dataclass, field

from opsroom.stores.files.rejects import RAW_CHARACTERS, Reason

LONGEST_RECORD_LINES = 100


@dataclass(slots=True)
class Records:
    """Well-formed records (number of the first line, text, fields) and malformed ones (with the reason)."""

    lines: list[int] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    fields: list[list[str | None]] = field(default_factory=list)
    malformed: list[tuple[int, Reason, str]] = field(default_factory=list)
    unfinished: bytes = b""
    """The end of the text, when a quoted field may go on in the next block."""


def read_records(text: bytes, first_line: int, width: int, *, final: bool) -> Records:
    """Split lines into records of width fields; missing fields are None, blank lines are left out."""
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    records = Records()
    position = 0
    while position < len(lines):
        if lines[position].strip() == b"":
            position += 1
            continue
        count, parsed = _record(lines, position)
        if count == 0 and not final:
            records.unfinished = b"\n".join(lines[position:]) + (b"\n" if text.endswith(b"\n") else b"")
            break
        taken = lines[position : position + max(count, 1)]
        _keep(records, first_line + position, taken, parsed, width)
        position += len(taken)
    return records


def _record(lines: list[bytes], position: int) -> tuple[int, list[str] | Reason]:
    """How many lines the record at a position takes (0: the text ends inside it), and its fields or what is wrong."""
    alone = _fields(lines[position])
    joined, count = lines[position], 1
    # A mark inside an unquoted field is an ordinary character: an odd number of them can still be a whole record.
    odd = alone is Reason.QUOTES and joined.count(b'"') % 2
    while odd:
        if position + count == len(lines):
            return 0, Reason.QUOTES
        if count == LONGEST_RECORD_LINES:
            return 1, Reason.QUOTES
        line = lines[position + count]
        odd ^= line.count(b'"') % 2
        joined += b"\n" + line
        count += 1
    parsed = alone if count == 1 else _fields(joined)
    return (1, parsed) if parsed is Reason.QUOTES else (count, parsed)


def _fields(line: bytes) -> list[str] | Reason:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return Reason.NOT_UTF8
    if '"' not in text:
        return text.rstrip("\r").split(",")
    try:
        return next(csv.reader([text.rstrip("\r")], strict=True))
    except (csv.Error, StopIteration):
        return Reason.QUOTES


def _keep(records: Records, line: int, taken: list[bytes], parsed: list[str] | Reason, width: int) -> None:
    raw = b"\n".join(taken)[: 4 * RAW_CHARACTERS].decode(errors="replace").rstrip("\r")[:RAW_CHARACTERS]
    if not isinstance(parsed, Reason) and any(extra.strip() for extra in parsed[width:]):
        parsed = Reason.TOO_MANY_FIELDS
    if isinstance(parsed, Reason):
        records.malformed.append((line, parsed, raw))
        return
    records.lines.append(line)
    records.raw.append(raw)
    records.fields.append([*parsed[:width], *[None] * (width - len(parsed))])
