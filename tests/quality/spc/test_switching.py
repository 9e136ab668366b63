"""Switching rules, lot by lot."""

import pytest

from opsroom.quality.spc.arrays import UnusableData
from opsroom.quality.spc.switching import LotOutcome, SwitchingState, after_lot, resumed

GOOD = LotOutcome(accepted=True)
BAD = LotOutcome(accepted=False)
VERY_GOOD = LotOutcome(accepted=True, acceptance_number=3, accepted_one_step_tighter=True)
JUST_GOOD = LotOutcome(accepted=True, acceptance_number=3)


def after(*lots: LotOutcome, start: SwitchingState | None = None) -> SwitchingState:
    state = start or SwitchingState()
    for lot in lots:
        state = after_lot(state, lot)
    return state


@pytest.mark.parametrize(
    ("lots", "severity"),
    [
        ((BAD, GOOD, GOOD, GOOD, BAD), "tightened"),
        ((BAD, BAD), "tightened"),
        ((BAD, GOOD, GOOD, GOOD, GOOD, BAD), "normal"),
        ((GOOD,) * 14, "normal"),
        ((GOOD,) * 15, "reduced"),
        ((VERY_GOOD,) * 9, "normal"),
        ((VERY_GOOD,) * 10, "reduced"),
        ((VERY_GOOD,) * 9 + (JUST_GOOD, VERY_GOOD), "normal"),
        ((GOOD,) * 14 + (BAD, GOOD), "normal"),
    ],
)
def test_normal_inspection_switches_by_rejections_and_by_score(lots: tuple[LotOutcome, ...], severity: str) -> None:
    assert after(*lots).severity == severity


def test_unsteady_production_keeps_normal_inspection() -> None:
    unsteady = LotOutcome(accepted=True, steady=False)
    waiting = after(*(unsteady,) * 16)
    assert (waiting.severity, waiting.score) == ("normal", 32)
    assert after(GOOD, start=waiting).severity == "reduced"


def test_five_accepted_in_a_row_end_tightened_inspection() -> None:
    tightened = SwitchingState(severity="tightened")
    assert after(*(GOOD,) * 4, start=tightened).severity == "tightened"
    assert after(*(GOOD,) * 5, start=tightened) == SwitchingState()
    assert after(GOOD, GOOD, BAD, *(GOOD,) * 4, start=tightened).severity == "tightened"


def test_five_rejected_on_tightened_inspection_stop_it() -> None:
    tightened = SwitchingState(severity="tightened")
    four = after(*(BAD, GOOD) * 4, start=tightened)
    assert (four.stopped, four.rejected) == (False, 4)
    stopped = after_lot(four, BAD)
    assert stopped.stopped
    with pytest.raises(UnusableData, match="inspection is stopped"):
        after_lot(stopped, GOOD)
    assert resumed(stopped) == SwitchingState(severity="tightened")
    with pytest.raises(UnusableData, match="not stopped"):
        resumed(four)


@pytest.mark.parametrize(
    ("lot", "severity"),
    [
        (GOOD, "reduced"),
        (BAD, "normal"),
        (LotOutcome(accepted=True, between_numbers=True), "normal"),
        (LotOutcome(accepted=True, steady=False), "normal"),
    ],
)
def test_reduced_inspection_ends_at_the_first_doubt(lot: LotOutcome, severity: str) -> None:
    assert after(lot, start=SwitchingState(severity="reduced")).severity == severity
