"""Learning a policy on simulated days, and judging it on others: parameters by a race, values by forward passes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import fmean

from opsroom.dispatch.planning.learned import Learned
from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.policies.registry import BEST, policy_of
from opsroom.dispatch.planning.policies.values import Observation, ValueTable
from opsroom.dispatch.planning.simulation.learning import Ranked, observations, tune
from opsroom.dispatch.planning.simulation.run import Step
from opsroom.dispatch.planning.simulation.scores import Interval, Score, interval, score

Play = Callable[[Policy, int], Sequence[Step]]
"""One day under a policy; the seed stands for the day."""

HELD_OUT = 1_000_000
"""Seeds from here on are of days that nothing is learned from."""
PASSES = 3
"""Times that values are learned anew under the policy they make."""

CANDIDATES: Mapping[str, Sequence[Mapping[str, int | float]]] = {
    "pfa": [{"fill": fill, "slack": slack} for fill in (0.5, 0.65, 0.8, 0.95) for slack in (0, 3600)],
    "cfa": [{"calm": calm, "urgent": urgent} for calm in (0.05, 0.15, 0.3, 0.5) for urgent in (0.2, 0.35, 0.6)],
    "dla": [{"send_above": send, "keep_below": keep} for send in (0.4, 0.5, 0.7) for keep in (0.1, 0.2, 0.35)],
}
"""Parameters that are tried, by policy."""
RIVALS = ("greedy", "lazy", "pfa", "cfa", "vfa", "dla")
"""What `best` is chosen from, each with what was learned of it."""
LEARNABLE = (*CANDIDATES, "vfa", BEST)


@dataclass(frozen=True, slots=True)
class Trained:
    """What was learned, beside what was in force, on the same days held out.

    ranked: what else was tried; nothing where values were learned
    difference: cost of an order, in cents, after less before
    """

    learned: Learned
    ranked: tuple[Ranked, ...]
    trained_on: int
    held_out: int
    before: Interval
    after: Interval
    difference: Interval
    service_before: float
    service_after: float

    @property
    def better(self) -> bool:
        """Surely cheaper, and no worse in what comes in time."""
        return self.difference.high < 0 and self.service_after >= self.service_before


@dataclass(frozen=True, slots=True)
class Trainer:
    """days: of the first round of a race, or of each pass; held_out: days it is judged on
    outcomes: what orders came to on the road, learned from beside the simulated days
    """

    play: Play
    present: tuple[Learned, ...] = ()
    outcomes: tuple[Observation, ...] = ()
    days: int = 4
    held_out: int = 20

    def train(self, policy: str) -> Trained:
        """The best that was found, without a number yet, beside what is in force."""
        if policy == "vfa":
            return self._judged(self._values(), (), PASSES * self.days)
        if policy == BEST:
            known = {each.policy: each for each in self.present}
            offers = [replace(known.get(name, Learned(name, 0, name)), policy=BEST, number=0) for name in RIVALS]
        else:
            offers = [Learned(policy, 0, policy, dict(tried)) for tried in CANDIDATES[policy]]
        names = {_name(offer): offer for offer in offers}
        ranked = tune(list(names), lambda name, seed: self._score(names[name], seed), _cost, first=self.days)
        return self._judged(names[ranked[0].name], ranked, ranked[0].seeds)

    def _values(self) -> Learned:
        table = ValueTable().learned(self.outcomes)
        for one in range(PASSES):
            policy = policy_of("vfa", [Learned("vfa", 0, "vfa", values=table.cells)])
            days = [self.play(policy, day) for day in range(one * self.days, (one + 1) * self.days)]
            table = table.learned(chain.from_iterable(map(observations, days)))
        return Learned("vfa", 0, "vfa", values=table.cells)

    def _judged(self, learned: Learned, ranked: tuple[Ranked, ...], trained_on: int) -> Trained:
        days = range(HELD_OUT, HELD_OUT + self.held_out)
        before = [score(self.play(policy_of(learned.policy, self.present), day)) for day in days]
        after = [self._score(learned, day) for day in days]
        return Trained(
            learned=learned,
            ranked=ranked,
            trained_on=trained_on,
            held_out=self.held_out,
            before=interval(_costs(before)),
            after=interval(_costs(after)),
            difference=interval([one - other for one, other in zip(_costs(after), _costs(before), strict=True)]),
            service_before=fmean(each.service for each in before),
            service_after=fmean(each.service for each in after),
        )

    def _score(self, learned: Learned, day: int) -> Score:
        return score(self.play(policy_of(learned.policy, [learned]), day))


def _name(learned: Learned) -> str:
    told = " ".join(f"{name}={value}" for name, value in learned.parameters.items())
    return f"{learned.kind} {told}" if learned.policy == BEST else told


def _cost(found: Score) -> float:
    return found.cost_per_order


def _costs(scores: Iterable[Score]) -> list[float]:
    return [each.cost_per_order for each in scores]
