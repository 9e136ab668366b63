"""Policies by the names that are stored and typed."""

from opsroom.dispatch.planning.policies.baselines import greedy, lazy
from opsroom.dispatch.planning.policies.consensus import Consensus
from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.policies.prizes import PrizeCollecting
from opsroom.dispatch.planning.policies.thresholds import FullOrDue
from opsroom.dispatch.planning.policies.values import ValueOfWaiting

POLICIES: dict[str, Policy] = {
    "greedy": greedy,
    "lazy": lazy,
    "pfa": FullOrDue(),
    "cfa": PrizeCollecting(),
    "vfa": ValueOfWaiting(),
    "dla": Consensus(),
    "best": Consensus(name="best"),
}
