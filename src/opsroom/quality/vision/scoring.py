"""How well findings agree with the truth: precision and recall, for each type and over all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsroom.quality.vision.values import Box, Found

ENOUGH = 0.5  # of overlap with the true box makes a finding right


@dataclass(frozen=True, slots=True)
class Truth:
    type: str
    box: Box


@dataclass(frozen=True, slots=True)
class Score:
    """right: findings that are there; wrong: those that are not; missed: flaws that were not found"""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Right findings of all findings; None without any."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Flaws found of all flaws; None without any."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None


@dataclass(frozen=True, slots=True)
class Scores:
    """sound: images without a flaw; false_alarms: those of them with a finding"""

    overall: Score
    by_type: dict[str, Score]
    images: int
    sound: int
    false_alarms: int


def score(images: Iterable[tuple[Sequence[Found], Sequence[Truth]]], labels: Sequence[str]) -> Scores:
    """A finding is right when a flaw of its type, that no surer finding has taken, shares half of its area with it."""
    right: Counter[str] = Counter()
    found_all: Counter[str] = Counter()
    there: Counter[str] = Counter()
    count = sound = false_alarms = 0
    for found, truths in images:
        count += 1
        sound += not truths
        false_alarms += bool(found) and not truths
        found_all.update(each.type for each in found)
        there.update(each.type for each in truths)
        right.update(_matched(found, truths))
    by_type = {
        label: Score(right[label], found_all[label] - right[label], there[label] - right[label]) for label in labels
    }
    overall = Score(right.total(), found_all.total() - right.total(), there.total() - right.total())
    return Scores(overall, by_type, count, sound, false_alarms)


def _matched(found: Sequence[Found], truths: Sequence[Truth]) -> list[str]:
    """Types of the findings that are right."""
    left, types = list(truths), []
    for each in sorted(found, key=lambda one: -one.confidence):
        near = [truth for truth in left if truth.type == each.type and truth.box.overlap(each.box) >= ENOUGH]
        if near:
            left.remove(max(near, key=lambda truth: truth.box.overlap(each.box)))
            types.append(each.type)
    return types
