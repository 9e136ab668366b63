"""A whole day of the competition under one policy."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.yardstick.episode import Episode
from opsroom.dispatch.planning.yardstick.instance import StaticInstance
from opsroom.dispatch.planning.yardstick.world import World


@dataclass(frozen=True)
class EpochResult:
    epoch: int
    waiting: int
    must_go: int
    sent: int
    routes: int
    cost: int
    seconds: float


@dataclass(frozen=True)
class DayResult:
    epochs: tuple[EpochResult, ...]

    @property
    def cost(self) -> int:
        """Driving seconds of all routes, the competition's objective."""
        return sum(epoch.cost for epoch in self.epochs)

    @property
    def seconds(self) -> float:
        return sum(epoch.seconds for epoch in self.epochs)


def play(
    instance: StaticInstance,
    seed: int,
    policy: Policy,
    budget: Budget,
    observe: Callable[[EpochResult], None] | None = None,
) -> DayResult:
    """`budget` is for one epoch; RuleBrokenError when the policy's routes are not allowed."""
    episode = Episode(instance, seed)
    world = World(instance, episode.last)
    results = []
    while not episode.over:
        observation = episode.observe()
        begin = time.perf_counter()
        decision = policy(world.situation(observation), budget, seed=observation.epoch)
        seconds = time.perf_counter() - begin
        routes = [[int(key) for key in route.orders] for route in decision.routes]
        cost = episode.dispatch(routes)
        result = EpochResult(
            observation.epoch,
            len(observation.requests),
            int(observation.must_go.sum()),
            len(decision.sent),
            len(routes),
            cost,
            round(seconds, 3),
        )
        results.append(result)
        if observe is not None:
            observe(result)
    return DayResult(tuple(results))
