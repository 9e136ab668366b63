"""Bare files as a snapshot, so that any window of them is accounted for by the same code as the database's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from pydantic import TypeAdapter, ValidationError

from opsroom.stores.asked_window import NO_END
from opsroom.stores.files import HOURS, OBSERVATIONS, ZONES, Reading, RefusedFileError, StoreIds, open_file
from opsroom.stores.maintenance.models import Scope
from opsroom.stores.maintenance.schemas import MaintenanceCreate
from opsroom.stores.maintenance.spans import Rule
from opsroom.stores.snapshot import Snapshot, Span
from opsroom.stores.uptime import Window, known_zone

KINDS = (OBSERVATIONS, HOURS, ZONES)


@dataclass(frozen=True, slots=True)
class BareFiles:
    """clock: microseconds UTC; maintenance: a JSON list of windows as the API takes them, stores by their id in the
    files; mappings: name of the kind of file (status, hours, zones) to field to column name
    """

    status: Path
    clock: int
    hours: Path | None = None
    zones: Path | None = None
    maintenance: Path | None = None
    mappings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_bare_files(files: BareFiles) -> Snapshot:
    """Everything the files hold; raises RefusedFileError."""
    ids = StoreIds()
    reading = Reading(ids, files.clock)
    paths = {"status": files.status, "hours": files.hours, "zones": files.zones}
    frames = {}
    for kind in KINDS:
        path = paths[kind.name]
        batches: Sequence[pl.DataFrame] = []
        if path is not None:
            batches = [batch.frame for batch in open_file(path, kind, reading, files.mappings.get(kind.name)).batches()]
        frames[kind.name] = pl.concat([pl.DataFrame(schema=kind.schema), *batches])
    stores = _stores(frames, ids)
    numbers = dict(stores.select("external_id", "store").iter_rows())
    rules = () if files.maintenance is None else _rules(files.maintenance, numbers)
    return Snapshot(frames["status"], frames["hours"], stores, Span(0, 0, NO_END), rules)


def latest_in(snapshot: Snapshot) -> int | None:
    latest = snapshot.observations["instant"].max()
    return None if latest is None else int(str(latest))


def looked_at(snapshot: Snapshot, window: Window, seen_to: int) -> Snapshot:
    """The snapshot for one window, as if nothing had been observed after `seen_to`."""
    observations = snapshot.observations.filter(pl.col("instant") <= seen_to)
    span = Span(window.start, window.end, seen_to)
    return Snapshot(observations, snapshot.hours, snapshot.stores, span, snapshot.maintenance)


def _stores(frames: Mapping[str, pl.DataFrame], ids: StoreIds) -> pl.DataFrame:
    """One row a store: of several zones the last that is known, else the last."""
    keys = pl.concat([frame["store"] for frame in frames.values()]).unique().cast(pl.Int64).sort()
    zone = pl.col("zone").str.strip_chars()
    spellings = frames["zones"].select(zone.unique())["zone"].to_list()
    good = [name for name in spellings if known_zone(name) is not None]
    given = frames["zones"].group_by("store", maintain_order=True).agg(
        pl.coalesce(zone.filter(zone.is_in(good)).last(), zone.last()).alias("zone")
    )  # fmt: skip
    return (
        pl.DataFrame({"store": keys, "external_id": ids.texts(keys.to_numpy())})
        .join(given.with_columns(pl.col("store").cast(pl.Int64)), on="store", how="left", maintain_order="left")
        .with_columns(pl.lit(None, pl.String).alias("group"))
    )


def _rules(path: Path, numbers: Mapping[str, int]) -> tuple[Rule, ...]:
    try:
        windows = TypeAdapter(list[MaintenanceCreate]).validate_python(json.loads(path.read_bytes()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedFileError(f"{path}: {where}: {first['msg']}.") from None
    except ValueError as error:
        raise RefusedFileError(f"{path} is not JSON: {error}.") from None
    return tuple(_rule(path, window, numbers) for window in windows)


def _rule(path: Path, window: MaintenanceCreate, numbers: Mapping[str, int]) -> Rule:
    if window.scope is Scope.GROUP:
        raise RefusedFileError(f"{path}: {window.title!r} is for a group, and stores of bare files have none.")
    if window.store_id is not None and window.store_id not in numbers:
        raise RefusedFileError(f"{path}: {window.title!r} is for the store {window.store_id}, which no file names.")
    store = None if window.store_id is None else numbers[window.store_id]
    return Rule(store, None, window.zone, window.start_local, window.end_local, window.recurrence)
