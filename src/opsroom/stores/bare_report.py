"""The report on bare files: status, hours and zones in, one table out, no database."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from opsroom.core.tabular.frames import neutralised
from opsroom.stores.files import (
    HOURS,
    OBSERVATIONS,
    ZONES,
    Reading,
    RefusedFileError,
    StoreFile,
    StoreIds,
    open_file,
)
from opsroom.stores.table import one_per_store, seven_columns
from opsroom.stores.uptime import (
    DEFAULT_ZONE,
    STRICT,
    EvidenceProfile,
    Quality,
    trailing_windows,
    uptime,
)

KINDS = (OBSERVATIONS, HOURS, ZONES)


@dataclass(frozen=True, slots=True)
class Request:
    """What to report on; as_of and clock in microseconds UTC.

    mappings: name of the kind of file (status, hours, zones) to field to column name.
    max_rejected: refuse a file of which more than this many per cent of the rows are rejected.
    on_rejects: told the kind and the rejected rows (line, reason, raw) of each batch.
    """

    status: Path
    hours: Path | None
    zones: Path | None
    clock: int
    profile: EvidenceProfile = STRICT
    as_of: int | None = None
    default_zone: str = DEFAULT_ZONE
    unknown: bool = False
    observed_only: bool = False
    max_rejected: float | None = None
    mappings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    on_rejects: Callable[[str, pl.DataFrame], None] | None = None


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What became of a file's rows, and which column was taken for which field."""

    path: str
    rows: int
    rejected: dict[str, int]
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class BareReport:
    """Rows ordered by store id as text; minutes for the hour, hours for day and week, in hundredths."""

    frame: pl.DataFrame
    files: dict[str, FileSummary]
    as_of: int
    quality: Quality
    seconds: float


def bare_report(request: Request) -> BareReport:
    """Read the files and account for every store in them; raises RefusedFileError."""
    begun = time.perf_counter()
    ids = StoreIds()
    reading = Reading(ids, request.clock)
    paths = {"status": request.status, "hours": request.hours, "zones": request.zones}
    opened = {
        kind.name: open_file(path, kind, reading, request.mappings.get(kind.name))
        for kind in KINDS
        if (path := paths[kind.name]) is not None
    }
    later: list[pl.DataFrame] = []
    frames, files = {}, {}
    for kind in KINDS:
        if kind.name not in opened:
            frames[kind.name] = pl.DataFrame(schema=kind.schema)
            continue
        keep = _until(request.as_of, later) if kind is OBSERVATIONS else _everything
        frames[kind.name], files[kind.name] = _read(opened[kind.name], request, keep)
    observations = frames["status"]
    as_of = _as_of(request, observations)
    zones = pl.concat([frames["zones"], *later])
    result = uptime(
        observations,
        frames["hours"],
        zones,
        trailing_windows(as_of),
        request.profile,
        default_zone=request.default_zone,
        observed_only=request.observed_only,
    )
    names = ids.texts(one_per_store(result.frame).cast(pl.Int64).to_numpy())
    frame = seven_columns(result.frame, names, unknown=request.unknown)
    return BareReport(frame, files, as_of, result.quality, time.perf_counter() - begun)


def _read(
    file: StoreFile, request: Request, keep: Callable[[pl.DataFrame], pl.DataFrame]
) -> tuple[pl.DataFrame, FileSummary]:
    parts = [pl.DataFrame(schema=file.kind.schema)]
    rows = 0
    rejected: Counter[str] = Counter()
    for batch in file.batches():
        parts.append(keep(batch.frame))
        rows += batch.rows
        if batch.rejects.height:
            rejected.update(dict(batch.rejects["reason"].value_counts().iter_rows()))
            if request.on_rejects is not None:
                request.on_rejects(file.kind.name, batch.rejects)
    _check_share(file, rows, rejected.total(), request.max_rejected)
    summary = FileSummary(str(file.path), rows, dict(sorted(rejected.items())), file.columns.taken())
    return pl.concat(parts), summary


def _check_share(file: StoreFile, rows: int, rejected: int, limit: float | None) -> None:
    if limit is not None and rejected * 100 > limit * rows:
        raise RefusedFileError(
            f"{file.path}: {rejected:,} of {rows:,} rows ({rejected * 100 / rows:.2f} %) were rejected, more than "
            f"the {limit:g} % allowed; look at the reasons with --rejects, correct the file or raise the limit."
        )


def _everything(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def _until(as_of: int | None, later: list[pl.DataFrame]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Leave out observations after as_of; their stores are still in the report, as rows without a zone."""
    if as_of is None:
        return _everything

    def keep(frame: pl.DataFrame) -> pl.DataFrame:
        stores = frame.filter(pl.col("instant") > as_of)["store"].unique()
        if len(stores):
            later.append(pl.DataFrame({"store": stores, "zone": [None] * len(stores)}, schema=ZONES.schema))
        return frame.filter(pl.col("instant") <= as_of)

    return keep


def _as_of(request: Request, observations: pl.DataFrame) -> int:
    if request.as_of is not None:
        return request.as_of
    latest = observations["instant"].max()
    if latest is None:
        raise RefusedFileError(
            f"{request.status} has no accepted observation, so there is no time to report on: give --as-of."
        )
    return int(str(latest))


def as_csv(report: BareReport) -> bytes:
    """The table with two decimals, lines ended by a line feed."""
    return neutralised(report.frame).write_csv(float_precision=2).encode()


def as_json(report: BareReport) -> bytes:
    """The table and what was read, as one object."""
    document = {
        "as_of": _iso(report.as_of),
        "files": {name: asdict(file) for name, file in report.files.items()},
        "quality": asdict(report.quality),
        "stores": report.frame.to_dicts(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def summary_lines(report: BareReport) -> list[str]:
    """What was read, rejected and found, a line each."""
    quality = report.quality
    lines = [line for name, file in report.files.items() for line in _file_lines(name, file)]
    lines.append(
        f"stores: {quality.stores:,}, observed {quality.observed_stores:,}, without hours (24 x 7) "
        f"{quality.stores_without_hours:,}, without zone {quality.stores_without_zone:,}, in an unknown zone "
        f"{quality.stores_in_unknown_zone:,}"
    )
    lines.append(
        f"observations: {quality.observations:,}, duplicates {quality.duplicates:,}, contradictions "
        f"{quality.contradictions:,}"
    )
    if quality.unknown_zones:
        lines.append(f"unknown zones: {', '.join(quality.unknown_zones[:10])}")
    return [*lines, f"as of {_iso(report.as_of)}, {report.seconds:.2f} s"]


def _file_lines(name: str, file: FileSummary) -> list[str]:
    taken = ", ".join(f"{field} = {column}" for field, column in file.columns.items())
    rejected = sum(file.rejected.values())
    head = f"{name}: {file.rows:,} rows, {rejected:,} rejected ({taken})"
    return [head, *(f"  rejected {count:,}: {reason}" for reason, count in file.rejected.items())]


def _iso(instant: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).isoformat()
