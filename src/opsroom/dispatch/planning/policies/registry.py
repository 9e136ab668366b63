"""Policies by the names that are stored and typed, with what was learned of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opsroom.dispatch.planning.learned import Learned
from opsroom.dispatch.planning.policies.baselines import greedy, lazy
from opsroom.dispatch.planning.policies.consensus import Consensus, ConsensusParameters
from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.policies.prizes import PrizeCollecting
from opsroom.dispatch.planning.policies.thresholds import FullOrDue
from opsroom.dispatch.planning.policies.values import ValueOfWaiting, ValueTable

BEST = "best"
RECOMMENDED = "dla"
"""What `best` stands for until something better was learned."""

POLICIES: dict[str, Policy] = {
    "greedy": greedy,
    "lazy": lazy,
    "pfa": FullOrDue(),
    "cfa": PrizeCollecting(),
    "vfa": ValueOfWaiting(),
    "dla": Consensus(),
    BEST: Consensus(name=BEST),
}
"""As they are before anything was learned."""

_KINDS: Mapping[str, Callable[..., Policy]] = {
    "greedy": lambda **_: greedy,
    "lazy": lambda **_: lazy,
    "pfa": FullOrDue,
    "cfa": PrizeCollecting,
    "dla": lambda **parameters: Consensus(ConsensusParameters(**parameters)),
}


def policy_of(name: str, learned: Iterable[Learned] = (), horizon: int = 1) -> Policy:
    """The policy of that name with what was learned of it; `horizon` counts for those that look ahead."""
    found = next((each for each in learned if each.policy == name), None)
    kind = (RECOMMENDED if name == BEST else name) if found is None else found.kind
    if kind == "vfa":
        return ValueOfWaiting(ValueTable() if found is None else ValueTable.of(found.values))
    parameters: dict[str, Any] = {} if found is None else dict(found.parameters)
    if kind == "dla":
        parameters["ahead"] = horizon
    return _KINDS[kind](**parameters)
