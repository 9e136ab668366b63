"""Direct lookahead (DLA): sample futures, plan each with all it knows, do what the plans agree on.

Iterative conditional dispatch of L. Lan, J. van Doorn, N. A. Wouda, A. Rijal and S. Bhulai, "An iterative sample
scenario approach for the dynamic dispatch waves problem", Transportation Science 58 (2024), after the consensus
functions of R. Bent and P. Van Hentenryck, Operations Research 52 (2004). Round by round, orders that most futures
send now are fixed to go and orders that few send are fixed to wait; later rounds plan under what earlier ones fixed.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from opsroom.dispatch.planning.confidence import Agreement
from opsroom.dispatch.planning.decision import Decision
from opsroom.dispatch.planning.obstacles import obstacles
from opsroom.dispatch.planning.policies.futures import future_problem, leaving_now
from opsroom.dispatch.planning.policies.sending import send
from opsroom.dispatch.planning.problem import Order
from opsroom.dispatch.planning.routing.solver import Job, solve_all
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation

WORKERS = 2
"""Futures planned side by side. It does not change an answer that is bounded by iterations."""


@dataclass(frozen=True)
class ConsensusParameters:
    rounds: int = 3
    samples: int = 10
    """Futures in each round."""
    ahead: int = 1
    """Decisions that a future looks ahead."""
    send_above: float = 0.5
    """Share of futures from which an order is fixed to go."""
    keep_below: float = 0.2
    """Share of futures up to which it is fixed to wait."""
    looking: float = 0.75
    """Part of the budget for the futures; the rest plans what is sent."""

    def each(self, budget: Budget, spent: float, rounds: int) -> Budget | None:
        """For one future, with `spent` seconds gone and `rounds` to come; None when the time for looking is over."""
        futures = rounds * self.samples
        iterations = None
        if budget.iterations is not None:
            iterations = max(1, round(budget.iterations * self.looking / (self.rounds * self.samples)))
        if budget.seconds is None:
            return Budget(iterations)
        remaining = budget.seconds * self.looking - spent
        return Budget(iterations, remaining * WORKERS / futures) if remaining > 0 else None


@dataclass(frozen=True)
class Consensus:
    """The policy. Without a forecast, or at the last decision, there is nothing to wait for: all go."""

    parameters: ConsensusParameters = ConsensusParameters()
    name: str = "dla"
    observe: Callable[[float], None] = lambda _: None
    """Told the part of the rounds that is over; what it raises ends the deciding."""

    def __call__(self, situation: Situation, budget: Budget, seed: int) -> Decision:
        if situation.forecast is None or situation.state.decisions_left == 0:
            everything = frozenset(order.key for order in situation.state.orders)
            return send(situation, everything, budget, seed, policy=self.name, parameters=asdict(self.parameters))
        began = time.perf_counter()
        vote = _Vote(situation, self.parameters, seed)
        for rounds in range(self.parameters.rounds, 0, -1):
            each = self.parameters.each(budget, time.perf_counter() - began, rounds)
            self.observe(1 - rounds / self.parameters.rounds)
            if each is not None:
                vote.hold_round(each)
        chosen = vote.decided()
        return send(
            situation,
            chosen,
            left(budget, began, 1 - self.parameters.looking),
            seed,
            policy=self.name,
            agreements=vote.agreements(chosen),
            parameters=asdict(self.parameters),
        )


def left(budget: Budget, began: float, part: float) -> Budget:
    """What the end of a decision may use: a part of the iterations, or the time that has not passed."""
    share = budget.share(part)
    if budget.seconds is None:
        return share
    return Budget(share.iterations, max(budget.seconds - (time.perf_counter() - began), 0.05))


@dataclass
class _Vote:
    situation: Situation
    parameters: ConsensusParameters
    seed: int
    sent: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)
    """Of the first round, in which nothing is fixed but what must go …"""
    planned: int = 0
    """… and how many of its futures found a plan."""
    present: tuple[Order, ...] = ()
    held: int = 0
    """Rounds."""

    def __post_init__(self) -> None:
        self.sent |= self.situation.must_go
        orders = self.situation.state.orders
        self.present = tuple(order for order in orders if not obstacles(self.situation, order))

    def hold_round(self, each: Budget) -> None:
        """Of futures that no round has seen: what only one sample says is not confirmed by the next."""
        first = self.held * self.parameters.samples
        self.held += 1
        futures = [self._future(first + sample) for sample in range(self.parameters.samples)]
        problems = [future_problem(self.situation, self.present, future, self.sent, self.kept) for future in futures]
        jobs = [Job(problem, each, self.seed + sample) for sample, problem in enumerate(problems)]
        tally: Counter[str] = Counter()
        planned = 0
        for sample, plan in enumerate(solve_all(jobs, WORKERS)):
            if plan is not None:
                planned += 1
                tally.update(leaving_now(self.situation, problems[sample], plan))
        if not planned:
            return
        if not self.planned:
            self.tally, self.planned = tally, planned
        for order in self.present:
            share = tally[order.key] / planned
            if share >= self.parameters.send_above:
                self.sent.add(order.key)
            elif share <= self.parameters.keep_below and order.key not in self.sent:
                self.kept.add(order.key)

    def decided(self) -> frozenset[str]:
        """What is not fixed to wait goes: futures planned in a hurry send too little."""
        return frozenset(order.key for order in self.present) - self.kept

    def agreements(self, chosen: frozenset[str]) -> tuple[Agreement, ...]:
        return tuple(
            Agreement(order.key, self.tally[order.key], self.planned, order.key in chosen)
            for order in self.present
            if self.planned and order.key not in self.situation.must_go
        )

    def _future(self, sample: int) -> list[tuple[Order, ...]]:
        """The same for every policy that asks for this sample of this state: keyed, never a running stream."""
        forecast = self.situation.forecast
        if forecast is None:
            return []
        generator = np.random.default_rng([self.seed, self.situation.state.instant, sample])
        return forecast.sample(self.situation.state, self.parameters.ahead, generator)
