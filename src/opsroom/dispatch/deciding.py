"""A state decided: the policy's answer, what else was possible, and everything needed to make it again.

Pure but for the clock that measures how long it took; slow, so it runs in a thread: PyVRP lets others run meanwhile.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import msgspec
import numpy as np

from opsroom.dispatch.planning.decision import Decision, Parameter
from opsroom.dispatch.planning.explain import Explanation, explanations
from opsroom.dispatch.planning.policies.consensus import Consensus
from opsroom.dispatch.planning.policies.registry import policy_of
from opsroom.dispatch.planning.problem import State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.transition import contribution
from opsroom.dispatch.planning.travel import TravelMatrix, TravelTimes
from opsroom.dispatch.planning.trial import Against, against

ENGINE_VERSION = "2"
BUILT_IN = "great_circle"
OTHERS = ("greedy", "lazy", "pfa", "cfa", "vfa")
"""Policies whose answer is shown beside the chosen one's; looking ahead costs too much to do in passing."""
OTHERS_SHARE = 0.25
"""Part of the budget that each of them gets."""
MOST_IN_COMPANY = 50
"""Orders left over that are tried on every route too; of further ones only what stands against them alone is told."""

Tell = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Question:
    policy: str
    horizon: int = 1
    seed: int = 0
    iterations: int = 400
    alternatives: bool = True


@dataclass(frozen=True, slots=True)
class Alternative:
    policy: str
    decision: Decision
    cost: dict[str, int]


@dataclass(frozen=True, slots=True)
class Travelled:
    """Travel times of a decision: who gave them, and what went wrong where it was not the one that was asked."""

    provider: str
    note: str | None
    matrix: TravelMatrix

    def to_json(self) -> dict[str, Any]:
        """The built-in provider's answer follows from the state; any other is kept."""
        kept = None if self.provider == BUILT_IN else _matrix_json(self.matrix)
        return {"provider": self.provider, "note": self.note, "matrix": kept}


@dataclass(frozen=True, slots=True)
class Decided:
    question: Question
    situation: Situation
    travel: Travelled
    decision: Decision
    cost: dict[str, int]
    alternatives: tuple[Alternative, ...]
    tried: dict[str, tuple[Against, ...]]
    """What stands against each order that could not go, by vehicle."""
    milliseconds: int


@dataclass(frozen=True)
class _Fixed(TravelTimes):
    """Travel times that are there already."""

    known: TravelMatrix

    def matrix(self, places: Sequence[Any], departure: int) -> TravelMatrix:  # noqa: ARG002  they do not change
        return self.known


def policy_version() -> str:
    return f"{ENGINE_VERSION}; PyVRP {version('pyvrp')}"


def decide(state: State, travel: Travelled, question: Question, tell: Tell = lambda *_: None) -> Decided:
    """The policy's decision for the state, with its alternatives if wished. Blocking."""
    began = time.perf_counter()
    situation = situation_of(state, travel.matrix)
    tell(0.1, f"{len(state.orders)} orders, {len(state.vehicles)} vehicles")
    decision = answer(situation, question, lambda part: tell(0.1 + 0.5 * part, f"what {question.policy} does"))
    others = []
    for number, name in enumerate(OTHERS if question.alternatives else ()):
        tell(0.6 + 0.35 * number / len(OTHERS), f"what {name} would do")
        share = max(1, round(question.iterations * OTHERS_SHARE))
        other = answer(situation, Question(name, question.horizon, question.seed, share))
        others.append(Alternative(name, other, cost_of(situation, other)))
    tried = tried_all(situation, decision)
    spent = round((time.perf_counter() - began) * 1000)
    return Decided(question, situation, travel, decision, cost_of(situation, decision), tuple(others), tried, spent)


def answer(situation: Situation, question: Question, observe: Callable[[float], None] | None = None) -> Decision:
    """The same for the same situation and question, always. `observe`: see `Consensus`; others take no time."""
    known = {each.policy: each for each in situation.state.learned}
    policy = policy_of(question.policy, known.values(), question.horizon)
    if observe is not None and isinstance(policy, Consensus):
        policy = replace(policy, observe=observe)
    decision = policy(situation, Budget(iterations=question.iterations), question.seed)
    learned = known.get(question.policy)
    told: dict[str, Parameter] = {} if learned is None else {"kind": learned.kind, "learned": learned.number}
    return replace(decision, policy=question.policy, parameters=decision.parameters | told)


def situation_of(state: State, matrix: TravelMatrix) -> Situation:
    return Situation.of(state, _Fixed(matrix))


def built_in(state: State, note: str | None = None) -> Travelled:
    return Travelled(BUILT_IN, note, Situation.of(state).travel)


def travelled_from(state: State, kept: dict[str, Any]) -> Travelled:
    """The travel times that a stored decision was made with."""
    found = kept["matrix"]
    if found is None:
        return built_in(state, kept["note"])
    row = {key: number for number, key in enumerate(found["places"])}
    shape = (len(row), len(row))
    metres, seconds = (np.array(found[name], dtype=np.int64).reshape(shape) for name in ("metres", "seconds"))
    return Travelled(kept["provider"], kept["note"], TravelMatrix(row, metres, seconds))


def cost_of(situation: Situation, decision: Decision) -> dict[str, int]:
    """What it costs, item by item, in cents; `lost` is the price of what passes its last moment."""
    found = contribution(situation, decision)
    return {
        "fixed": found.fixed,
        "distance": found.distance,
        "time": found.time,
        "lost": found.lost,
        "total": found.total,
        "revenue": found.revenue,
    }


def fingerprint(state: dict[str, Any]) -> str:
    """SHA-256 of a state as it is stored, whatever order a database keeps its keys in."""
    return hashlib.sha256(msgspec.json.encode(state, order="sorted")).hexdigest()


def tried_all(situation: Situation, decision: Decision) -> dict[str, tuple[Against, ...]]:
    """What stands against each vehicle, for every order that could not go; found by trying."""
    orders = {order.key: order for order in situation.state.orders}
    stuck = [keep.order for keep in decision.kept if keep.code != "waits"]
    return {
        key: against(situation, decision, orders[key], in_company=number < MOST_IN_COMPANY)
        for number, key in enumerate(stuck)
    }


def explained(situation: Situation, decision: Decision) -> list[tuple[Explanation, tuple[Against, ...]]]:
    """For every order why it goes or stays; for those that cannot go, what stands against each vehicle."""
    tried = tried_all(situation, decision)
    return [(each, tried.get(each.order, ())) for each in explanations(situation, decision)]


def differences(one: Decision, other: Decision) -> list[str]:
    """What is not the same in two decisions, in words; nothing for identical ones."""
    found = [
        f"{name}: {getattr(one, name)!r} was, {getattr(other, name)!r} is now"
        for name in ("policy", "seed", "parameters", "agreements")
        if getattr(one, name) != getattr(other, name)
    ]
    for name, key in (("routes", "vehicle"), ("kept", "order")):
        was = {getattr(each, key): each for each in getattr(one, name)}
        now = {getattr(each, key): each for each in getattr(other, name)}
        found += [f"{name}: {each} is missing now" for each in sorted(was.keys() - now.keys())]
        found += [f"{name}: {each} is new" for each in sorted(now.keys() - was.keys())]
        found += [f"{name}: {each} is another" for each in sorted(was.keys() & now.keys()) if was[each] != now[each]]
    return found


def _matrix_json(matrix: TravelMatrix) -> dict[str, Any]:
    places = sorted(matrix.row, key=lambda key: matrix.row[key])
    return {
        "places": places,
        "metres": matrix.metres.ravel().tolist(),
        "seconds": matrix.seconds.ravel().tolist(),
    }
