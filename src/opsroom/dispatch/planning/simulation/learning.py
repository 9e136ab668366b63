"""What simulated or recorded days teach: values of orders kept, and which of several policies to take."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from opsroom.dispatch.planning.policies.values import Observation, steps_left
from opsroom.dispatch.planning.policies.worth import solo_cost
from opsroom.dispatch.planning.simulation.run import Step
from opsroom.dispatch.planning.simulation.scores import Score


def observations(steps: Sequence[Step]) -> Iterator[Observation]:
    """For every decision that kept an order which was sent later: what carrying it came to in the end.

    A route's cost is shared in proportion to what its orders would cost alone, so its orders all have one share.
    """
    waited: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for step in steps:
        orders = {order.key: order for order in step.situation.state.orders}
        for keep in step.decision.kept:
            order = orders[keep.order]
            waited[order.key].append((order.delivery.area, steps_left(step.situation, order)))
        for route in step.decision.routes:
            alone = sum(solo_cost(step.situation, orders[key]) for key in route.orders)
            for key in route.orders:
                for area, left in waited.pop(key, ()):
                    yield Observation(area, left, route.cost.total / max(alone, 1))


@dataclass(frozen=True, slots=True)
class Ranked:
    name: str
    mean: float
    seeds: int


def tune(
    names: Sequence[str], play: Callable[[str, int], Score], measure: Callable[[Score], float], *, first: int = 4
) -> tuple[Ranked, ...]:
    """The candidates from best to worst by sequential halving (Z. Karnin, T. Koren, O. Somekh, ICML 2013): all play
    the same seeds, the worse half leaves, the rest plays twice as many more.
    """
    seen: Mapping[str, list[float]] = {name: [] for name in names}
    racing, seeds = list(names), first
    leaving: list[str] = []
    while True:
        for name in racing:
            seen[name].extend(measure(play(name, seed)) for seed in range(len(seen[name]), seeds))
        racing.sort(key=lambda name: (fmean(seen[name]), name))
        half = -(-len(racing) // 2)
        leaving[:0] = racing[half:]
        racing, seeds = racing[:half], seeds * 2
        if len(racing) == 1:
            return tuple(Ranked(name, fmean(seen[name]), len(seen[name])) for name in (*racing, *leaving))
