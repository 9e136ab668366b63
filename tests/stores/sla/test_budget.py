"""Error budgets and burn rates, by hand and against exact fractions."""

from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.stores.sla.budget import Promise, burn_windows, credit, with_budget, with_burn
from opsroom.stores.uptime import HOUR

MINUTE = HOUR // 60


def judged(up: int, down: int, ahead: int = 0, target: float = 0.99) -> dict[str, Any]:
    frame = pl.DataFrame({"up": [up], "down": [down], "ahead": [ahead]})
    return with_budget(frame, Promise(target)).row(0, named=True)


def test_a_month_of_ninety_nine_per_cent_has_seven_hours_and_twelve_minutes() -> None:
    row = judged(up=720 * HOUR - 2 * HOUR, down=2 * HOUR)
    assert row["budget"] == 7 * HOUR + 12 * MINUTE
    assert row["remaining"] == 5 * HOUR + 12 * MINUTE
    assert (row["spent"], row["state"]) == (2 / 7.2, "ok")


@pytest.mark.parametrize(
    ("up", "down", "ahead", "state"),
    [
        (99 * HOUR, HOUR, 0, "ok"),  # exactly the target
        (99 * HOUR - 1, HOUR + 1, 0, "breached"),
        (99 * HOUR - 1, HOUR + 1, 100 * HOUR, "at_risk"),  # could still be kept
        (0, 2 * HOUR, 198 * HOUR, "at_risk"),  # exactly the whole budget is spent
        (0, 2 * HOUR + 1, 198 * HOUR, "breached"),  # cannot be kept even if all that is ahead is up
        (0, 0, 100 * HOUR, "unknown"),
        (0, 0, 0, "unknown"),
        (HOUR, 0, 0, "ok"),
    ],
)
def test_a_promise_is_broken_when_it_cannot_be_kept_any_more(up: int, down: int, ahead: int, state: str) -> None:
    assert judged(up, down, ahead)["state"] == state


@given(
    up=st.integers(0, 1 << 50),
    down=st.integers(0, 1 << 50),
    ahead=st.integers(0, 1 << 50),
    millionths=st.integers(500_000, 999_999),
)
def test_budgets_agree_with_exact_fractions(up: int, down: int, ahead: int, millionths: int) -> None:
    row = judged(up, down, ahead, millionths / 1_000_000)
    allowed = 1 - Fraction(millionths, 1_000_000)
    budget = allowed * (up + down + ahead)
    assert row["budget"] == int(budget)
    assert (row["state"] == "breached") == (down > budget)
    if ahead == 0 and up + down:
        assert (row["state"] == "breached") == (Fraction(up, up + down) < 1 - allowed)


def burning(**hours_down: int) -> dict[str, Any]:
    """Down hours of each window that is otherwise up"""
    names = [window.name for window in burn_windows(0)]
    lengths = dict(zip(names, (1, 6, 24, 72), strict=True))
    down = {f"down_{name}": [hours_down.get(name, 0) * MINUTE] for name in names}
    up = {f"up_{name}": [lengths[name] * HOUR - hours_down.get(name, 0) * MINUTE] for name in names}
    return with_burn(pl.DataFrame(up | down), Promise(0.99)).row(0, named=True)


def test_a_burn_rate_of_one_spends_the_budget_exactly() -> None:
    row = burning(burn_24h=14)  # 14.4 minutes of 24 hours may be down
    assert row["burn_24h"] == pytest.approx(14 / 14.4)
    assert (row["burn_1h"], row["alert"]) == (0, "none")


def test_two_windows_tell_a_fire_from_a_flicker() -> None:
    assert burning(burn_1h=9, burn_6h=9)["alert"] == "fast"  # 15 times too fast in the last hour
    assert burning(burn_1h=0, burn_6h=30)["alert"] == "none"  # it is over
    assert burning(burn_1h=4, burn_6h=30, burn_72h=30)["alert"] == "fast"
    assert burning(burn_1h=1, burn_6h=4, burn_72h=50)["alert"] == "slow"


def test_where_nothing_is_known_there_is_no_burn_rate() -> None:
    names = [window.name for window in burn_windows(0)]
    frame = pl.DataFrame({f"{measure}_{name}": [0] for measure in ("up", "down") for name in names})
    row = with_burn(frame, Promise(0.99)).row(0, named=True)
    assert row == {**dict.fromkeys(names), "alert": "none"}


def test_the_highest_credit_that_holds_is_owed() -> None:
    steps = ((0.995, 5.0), (0.98, 25.0), (0.99, 10.0))
    assert [credit(a, steps) for a in (None, 1.0, 0.995, 0.994, 0.985, 0.5)] == [0, 0, 0, 5, 10, 25]
