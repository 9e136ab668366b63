"""Parsing one file of an import: polls to the spool, hours and zones into memory, refused rows to a file."""

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from opsroom.core.tabular.frames import neutralised
from opsroom.stores.files import HOURS, OBSERVATIONS, ZONES, Batch, Kind, Reading, open_file
from opsroom.stores.models import FileKind
from opsroom.stores.spool import Spool

KINDS: Mapping[FileKind, Kind] = {
    FileKind.STATUS: OBSERVATIONS,
    FileKind.HOURS: HOURS,
    FileKind.ZONES: ZONES,
}


@dataclass(slots=True)
class Parsed:
    """What one file holds.

    columns: which column was taken for what
    stores: numbers of the stores that accepted rows name
    rows: accepted rows of hours and zones files; polls are in the spool
    """

    columns: dict[str, str] = field(default_factory=dict)
    read: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    stores: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)


class Rejects:
    """A scratch CSV file of refused rows: line number, reason, raw text. Gone at the end of the `with` block."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115  closed by __exit__
            mode="w", dir=folder, prefix="rejects-", suffix=".csv", newline="", encoding="utf-8"
        )
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(["line", "reason", "raw"])
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def path(self) -> Path:
        self._file.flush()
        return Path(self._file.name)

    def add(self, rejects: pl.DataFrame) -> None:
        self.count += rejects.height
        for row in neutralised(rejects.select("line", "reason", "raw")).iter_rows():
            self._writer.writerow(row)


def parse(  # noqa: PLR0917  called once, by place, across a thread
    path: Path,
    kind: FileKind,
    mapping: Mapping[str, str],
    reading: Reading,
    spool: Spool,
    rejects: Rejects,
    tell: Callable[[int], None],
) -> Parsed:
    """Read a file to its end, in bounded memory. `tell` hears the number of rows after each batch.

    Raises:
        RefusedFileError: the file as a whole cannot be read.
    """
    file = open_file(path, KINDS[kind], reading, mapping)
    parsed = Parsed(columns=file.columns.taken())
    kept: list[pl.DataFrame] = [pl.DataFrame(schema=KINDS[kind].schema)]
    for batch in file.batches():
        _count(parsed, batch)
        rejects.add(batch.rejects)
        if kind is FileKind.STATUS:
            spool.add(batch.frame)
        else:
            kept.append(batch.frame)
        tell(parsed.read)
    parsed.rows = pl.concat(kept)
    return parsed


def _count(parsed: Parsed, batch: Batch) -> None:
    parsed.read += batch.rows
    parsed.accepted += batch.frame.height
    parsed.stores = np.union1d(parsed.stores, batch.frame["store"].unique().to_numpy().astype(np.int64))
    for reason, count in batch.rejects.group_by("reason").len().iter_rows():
        parsed.rejected[reason] += count
