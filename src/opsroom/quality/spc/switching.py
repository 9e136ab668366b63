"""Switching between normal, tightened and reduced inspection (ISO 2859-1:1999, 9.3 and 9.4), as a pure state machine.

Only first submissions count; lots come in the order of production.
"""

from dataclasses import dataclass, replace

from .arrays import UnusableData
from .plans import Severity

WINDOW = 5
REJECTED_TO_TIGHTEN = 2
ACCEPTED_TO_RELAX = 5
REJECTED_TO_STOP = 5
SCORE_TO_REDUCE = 30
SCORE_SMALL, SCORE_LARGE = 2, 3


@dataclass(frozen=True)
class LotOutcome:
    """What inspection of a lot found under the plan in force.

    `accepted_one_step_tighter`: the lot would have been accepted at the next smaller AQL; asked only where the
    acceptance number is 2 or more. `between_numbers`: more than Ac and less than Re were found (reduced inspection of
    MIL-STD-105E and Z1.4). `steady`: production runs steadily and the authority agrees to reduced inspection.
    """

    accepted: bool
    acceptance_number: int = 0
    accepted_one_step_tighter: bool = False
    between_numbers: bool = False
    steady: bool = True


@dataclass(frozen=True)
class SwitchingState:
    """`score` is the switching score of normal inspection; `rejected` counts lots not accepted on tightened inspection
    since it began; `stopped` says that acceptance inspection ended until the supplier acts.
    """

    severity: Severity = "normal"
    recent: tuple[bool, ...] = ()
    score: int = 0
    rejected: int = 0
    stopped: bool = False


def after_lot(state: SwitchingState, lot: LotOutcome) -> SwitchingState:
    """The state for the next lot."""
    if state.stopped:
        raise UnusableData("inspection is stopped; it resumes tightened once the supplier has acted")
    recent = (*state.recent, lot.accepted)[-WINDOW:]
    state = replace(state, recent=recent)
    steps = {"normal": _after_normal, "tightened": _after_tightened, "reduced": _after_reduced}
    return steps[state.severity](state, lot)


def resumed(state: SwitchingState) -> SwitchingState:
    """After corrective action, inspection starts again as if it had just been tightened (9.4)."""
    if not state.stopped:
        raise UnusableData("inspection is not stopped")
    return SwitchingState(severity="tightened")


def _after_normal(state: SwitchingState, lot: LotOutcome) -> SwitchingState:
    """2 of 5 or fewer lots not accepted: tightened. A score of 30 and steady production: reduced."""
    if state.recent.count(False) >= REJECTED_TO_TIGHTEN:
        return SwitchingState(severity="tightened")
    score = _scored(state.score, lot)
    if score >= SCORE_TO_REDUCE and lot.steady:
        return SwitchingState(severity="reduced")
    return replace(state, score=score)


def _scored(score: int, lot: LotOutcome) -> int:
    """Ac of 2 or more: 3 points if a plan one AQL tighter would have accepted; else 2 points if accepted; else none
    and from the start (9.3.3.2).
    """
    if lot.acceptance_number >= 2:
        return score + SCORE_LARGE if lot.accepted and lot.accepted_one_step_tighter else 0
    return score + SCORE_SMALL if lot.accepted else 0


def _after_tightened(state: SwitchingState, lot: LotOutcome) -> SwitchingState:
    """5 accepted in a row: normal. 5 not accepted altogether: stop."""
    if len(state.recent) == ACCEPTED_TO_RELAX and all(state.recent):
        return SwitchingState()
    rejected = state.rejected + (not lot.accepted)
    return replace(state, rejected=rejected, stopped=rejected >= REJECTED_TO_STOP)


def _after_reduced(state: SwitchingState, lot: LotOutcome) -> SwitchingState:
    """A lot not accepted, one between the numbers, or unsteady production: normal."""
    if not lot.accepted or lot.between_numbers or not lot.steady:
        return SwitchingState()
    return state
