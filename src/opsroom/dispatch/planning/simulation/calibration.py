"""Whether confidence means what it says: shares of futures against what hindsight would have done."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bin:
    """Choices whose confidence lies in one tenth: how sure they were, how often hindsight agreed."""

    confidence: float
    agreed: float
    choices: int


def reliability(choices: Sequence[tuple[float, bool]], bins: int = 10) -> tuple[Bin, ...]:
    """`choices` are (confidence, hindsight chose the same); empty bins are left out."""
    grouped: dict[int, list[tuple[float, bool]]] = {}
    for confidence, agreed in choices:
        grouped.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, agreed))
    return tuple(
        Bin(
            confidence=sum(confidence for confidence, _ in group) / len(group),
            agreed=sum(agreed for _, agreed in group) / len(group),
            choices=len(group),
        )
        for _, group in sorted(grouped.items())
    )


def expected_calibration_error(choices: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Σ n_b/n · |confidence_b − agreed_b| (M. P. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015)."""
    return sum(each.choices * abs(each.confidence - each.agreed) for each in reliability(choices, bins)) / max(
        len(choices), 1
    )
