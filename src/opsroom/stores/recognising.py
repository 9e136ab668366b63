"""Which file of a folder is which: by its name, else by its columns."""

from collections.abc import Mapping
from pathlib import Path

from opsroom.stores.files import Kind, Reading, RefusedFileError, StoreIds, open_file
from opsroom.stores.models import FileKind
from opsroom.stores.parsing import KINDS

ENDINGS = (".csv", ".txt", ".parquet", ".gz", ".zst")
WORDS: Mapping[FileKind, tuple[str, ...]] = {
    FileKind.STATUS: ("status", "observation", "poll"),
    FileKind.HOURS: ("hour",),
    FileKind.ZONES: ("zone", "tz"),
}


def recognised(folder: Path) -> dict[FileKind, Path]:
    """One file of each kind at most; files of other kinds are left out.

    Raises:
        RefusedFileError: none is recognised, or two as the same kind.
    """
    found: dict[FileKind, Path] = {}
    names = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().endswith(ENDINGS))
    for path in names:
        kind = _kind_of(path)
        if kind in found:
            raise RefusedFileError(
                f"Both {found[kind].name} and {path.name} in {folder} look like the {kind} file; "
                f"name the right one with --{kind}."
            )
        if kind is not None:
            found[kind] = path
    if not found:
        shown = ", ".join(path.name for path in names[:10]) or "none"
        raise RefusedFileError(
            f"No status, hours or zones file is recognised in {folder} by name or by columns; its data files: {shown}."
        )
    return found


def refuse_unreadable(path: Path, kind: FileKind, mapping: Mapping[str, str], clock: int) -> None:
    """Look for the columns of a file before anything is recorded; the rows are read by the job.

    Raises:
        RefusedFileError: the sentence says what is missing.
    """
    open_file(path, KINDS[kind], Reading(StoreIds(), clock), mapping)


def _kind_of(path: Path) -> FileKind | None:
    by_name = [kind for kind, words in WORDS.items() if any(word in path.name.lower() for word in words)]
    if len(by_name) == 1:
        return by_name[0]
    by_columns = [kind for kind, declared in KINDS.items() if _has_columns(path, declared)]
    return by_columns[0] if len(by_columns) == 1 else None


def _has_columns(path: Path, declared: Kind) -> bool:
    try:
        open_file(path, declared, Reading(StoreIds(), 0))
    except RefusedFileError:
        return False
    return True
