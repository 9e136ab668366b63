"""Where a promise stands: the window it is about now, the budget of each store and of all, and how fast it burns."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from opsroom.core.errors import NotFound
from opsroom.stores.archive.history import History
from opsroom.stores.asked_window import AskedWindow, instant
from opsroom.stores.maintenance.models import Scope
from opsroom.stores.options import StoresOptions
from opsroom.stores.selection import Selection, selected_sites
from opsroom.stores.sla.budget import Promise, burn_windows, credit, with_budget, with_burn
from opsroom.stores.sla.models import AppliesTo, SlaPolicy, SlaWindow
from opsroom.stores.snapshot import Snapshot, Span, latest_observation, read_snapshot
from opsroom.stores.uptime import DAY, Window, known_zone, uptime, with_ratios

MEASURES = ("open", "up", "down", "unknown")
WHOLE = ""  # the subject that stands for all stores of a scope


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy as far as it is computed with; a value, so that a statement can keep it."""

    name: str
    target: float
    applies_to: AppliesTo
    credits: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, policy: SlaPolicy) -> "Terms":
        steps = tuple((float(step["below"]), float(step["percent"])) for step in policy.credits)
        return cls(policy.name, policy.target, policy.applies_to, steps)

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Terms":
        steps = tuple((float(below), float(percent)) for below, percent in document["credits"])
        return cls(document["name"], document["target"], AppliesTo(document["applies_to"]), steps)

    def as_document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "target": self.target,
            "applies_to": self.applies_to.value,
            "credits": [list(step) for step in self.credits],
        }

    def owed(self, availability: float | None) -> float:
        return credit(availability, self.credits)


@dataclass(frozen=True, slots=True)
class Standing:
    """stores: a row each, by id as text; whole: one row of the same columns but store_id

    Columns, microseconds: store_id, open (of the whole window), up, down and unknown (of what is behind), ahead (open
    time after as_of), coverage (of what is behind), availability, budget, remaining, spent, state, alert and
    burn_1h, burn_6h, burn_24h, burn_72h.
    """

    terms: Terms
    window: Window
    as_of: int
    stores: pl.DataFrame
    whole: dict[str, Any]

    @property
    def breached(self) -> list[dict[str, Any]]:
        """The subjects that broke the promise, with their figures."""
        if self.terms.applies_to is AppliesTo.WHOLE_SCOPE:
            return [{"store_id": WHOLE, **self.whole}] if self.whole["state"] == "breached" else []
        return self.stores.filter(state="breached").to_dicts()


def selection_of(policy: SlaPolicy) -> Selection:
    return Selection(store=str(policy.store_id) if policy.scope is Scope.STORE else None, group=policy.store_group)


def zone_of(policy: SlaPolicy, default_zone: str) -> str:
    return policy.zone or default_zone


def month_of(policy: SlaPolicy, of: date, default_zone: str) -> Window:
    return AskedWindow(period="month", of=f"{of:%Y-%m}", zone=zone_of(policy, default_zone)).resolved(
        None, default_zone
    )


def window_at(policy: SlaPolicy, as_of: int, default_zone: str) -> Window:
    """The month that holds an instant, or the days before it."""
    if policy.window is SlaWindow.ROLLING:
        assert policy.rolling_days is not None  # noqa: S101  a constraint of the table
        return Window(f"last_{policy.rolling_days}d", as_of - policy.rolling_days * DAY, as_of)
    zone = known_zone(zone_of(policy, default_zone)) or known_zone(default_zone)
    return month_of(policy, instant(as_of - 1).astimezone(zone).date(), default_zone)


async def standing_of(
    history: History, options: StoresOptions, policy: SlaPolicy, month: date | None = None
) -> Standing:
    """As of the latest poll; of a past month, of its end.

    Raises:
        NotFound: the scope has no store, or there is no observation at all.
    """
    async with history.database.reading() as connection:
        sites = await selected_sites(connection, selection_of(policy))
    return await asyncio.to_thread(_standing_from, history, options, policy, month, sites)


def standing(snapshot: Snapshot, terms: Terms, window: Window, as_of: int, options: StoresOptions) -> Standing:
    elapsed = Window("elapsed", window.start, max(window.start, min(window.end, as_of)))
    windows = [Window("whole", window.start, window.end), elapsed, *burn_windows(as_of)]
    sums = uptime(
        snapshot.observations,
        snapshot.hours,
        snapshot.stores,
        windows,
        options.strict,
        default_zone=options.default_zone,
        excluded=snapshot.excluded(options.default_zone),
    ).frame
    stores = _wide(sums, windows).join(
        snapshot.stores.select("store", store_id="external_id"), on="store"
    ).drop("store").sort("store_id")  # fmt: skip
    whole = stores.drop("store_id").sum()
    promise = Promise(terms.target)
    return Standing(terms, window, as_of, _judged(stores, promise), _judged(whole, promise).row(0, named=True))


def span_of(window: Window, as_of: int) -> Span:
    """What has to be read for a window and the burn rates at an instant."""
    starts = [window.start, *(burn.start for burn in burn_windows(as_of))]
    return Span(min(starts), max(window.end, as_of), as_of=1 << 62)


def _standing_from(
    history: History, options: StoresOptions, policy: SlaPolicy, month: date | None, sites: Sequence[int] | None
) -> Standing:
    latest = latest_observation(history.database)
    if latest is None:
        raise NotFound("There is no observation yet, so nothing to hold against a promise.", code="no_observation")
    default_zone = options.default_zone
    window = window_at(policy, latest, default_zone) if month is None else month_of(policy, month, default_zone)
    as_of = min(latest, window.end)
    return standing(read_snapshot(history, span_of(window, as_of), sites), Terms.of(policy), window, as_of, options)


def _wide(sums: pl.DataFrame, windows: list[Window]) -> pl.DataFrame:
    """One row a store: the sums of the window, the open time ahead, and up and down of each burn window."""

    def of(name: str, *measures: str) -> pl.DataFrame:
        return sums.filter(pl.col("window") == name).select("store", *measures)

    # A poll speaks for some time after it; what lies after as_of is ahead all the same.
    behind = of("elapsed", *MEASURES).rename({"open": "behind"})
    wide = behind.join(of("whole", "open"), on="store")
    for window in windows[2:]:
        rates = {"up": f"up_{window.name}", "down": f"down_{window.name}"}
        wide = wide.join(of(window.name, "up", "down").rename(rates), on="store")
    ahead = (pl.col("open") - pl.col("behind")).alias("ahead")
    return wide.with_columns(ahead, pl.col("store").cast(pl.Int64)).drop("behind")


def _judged(frame: pl.DataFrame, promise: Promise) -> pl.DataFrame:
    ratios = with_ratios(frame.with_columns(open=pl.col("open") - pl.col("ahead"))).select("coverage", "availability")
    return with_burn(with_budget(frame.hstack(ratios), promise), promise)
