"""Error budgets and burn rates. Frames in, frames out; microseconds, exact.

A window has known time (up and down), time nobody observed, and, while it runs, open time still ahead. Unobserved time
is left out: what is promised is a share of known time. So the budget of a window is

    budget = (1 − target) × (known + ahead)

and a promise is broken when down > budget: from then on it cannot be kept even if all time ahead is up. When nothing
is ahead any more, that is the same as availability < target.

Burn rate: the share of known time that was down, over the share that may be. 1 spends the budget exactly by the end of
the window. Two lengths together tell a fire from a flicker: "Site Reliability Workbook", Google, 2018, chapter 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from opsroom.stores.uptime import HOUR, Window

MILLION = 1_000_000
BURN_HOURS = (1, 6, 24, 72)
FAST, STEADY, SLOW = 14.4, 6.0, 1.0


@dataclass(frozen=True, slots=True)
class Promise:
    """target: a fraction between 0 and 1; six decimals count"""

    target: float

    @property
    def allowed(self) -> int:
        """Millionths of the time that may be down."""
        return MILLION - round(self.target * MILLION)


def burn_windows(as_of: int) -> list[Window]:
    return [Window(f"burn_{hours}h", as_of - hours * HOUR, as_of) for hours in BURN_HOURS]


def with_budget(frame: pl.DataFrame, promise: Promise) -> pl.DataFrame:
    """Add budget, remaining (below 0 when broken), spent (a fraction, null without a budget), and state.

    frame: up, down, ahead
    state: breached; at_risk, when it will be broken if the rest of the window goes like this; ok; unknown
    """
    known, allowed = pl.col("up") + pl.col("down"), promise.allowed
    return frame.with_columns(
        _share(known + pl.col("ahead"), allowed).alias("budget"), _share(known, allowed).alias("_so_far")
    ).with_columns(
        (pl.col("budget") - pl.col("down")).alias("remaining"),
        pl.when(pl.col("budget") > 0).then(pl.col("down") / pl.col("budget")).alias("spent"),
        pl.when(known == 0)
        .then(pl.lit("unknown"))
        .when(pl.col("down") > pl.col("budget"))
        .then(pl.lit("breached"))
        .when(pl.col("down") > pl.col("_so_far"))
        .then(pl.lit("at_risk"))
        .otherwise(pl.lit("ok"))
        .alias("state"),
    ).drop("_so_far")  # fmt: skip


def with_burn(frame: pl.DataFrame, promise: Promise) -> pl.DataFrame:
    """Add burn_1h, burn_6h, burn_24h, burn_72h (null where nothing is known) and alert: fast, slow or none.

    frame: up_… and down_… of each of these names
    """
    share = promise.allowed / MILLION
    names = [window.name for window in burn_windows(0)]
    rates = (
        pl.when(pl.col(f"up_{name}") + pl.col(f"down_{name}") > 0)
        .then(pl.col(f"down_{name}") / (pl.col(f"up_{name}") + pl.col(f"down_{name}")) / share)
        .alias(name)
        for name in names
    )
    hour, six, _day, three_days = (pl.col(name).fill_null(0) for name in names)
    fast = (hour >= FAST) | ((six >= STEADY) & (hour >= STEADY))
    slow = (three_days >= SLOW) & (six >= SLOW)
    alert = pl.when(fast).then(pl.lit("fast")).when(slow).then(pl.lit("slow")).otherwise(pl.lit("none"))
    helping = [f"{measure}_{name}" for measure in ("up", "down") for name in names]
    return frame.with_columns(rates).with_columns(alert.alias("alert")).drop(helping)


def credit(availability: float | None, steps: Sequence[tuple[float, float]]) -> float:
    """Per cent owed: the highest of the steps (below, percent) that hold; 0 when nothing is known."""
    if availability is None:
        return 0.0
    return max((percent for below, percent in steps if availability < below), default=0.0)


def _share(time: pl.Expr, allowed: int) -> pl.Expr:
    """Time × allowed millionths, cut to whole microseconds, without a product beyond 63 bits."""
    return time // MILLION * allowed + time % MILLION * allowed // MILLION
