"""Policies by the names that are stored and typed."""

from opsroom.dispatch.planning.policies.baselines import greedy, lazy
from opsroom.dispatch.planning.policies.consensus import Consensus
from opsroom.dispatch.planning.policies.policy import Policy

POLICIES: dict[str, Policy] = {"greedy": greedy, "lazy": lazy, "dla": Consensus()}
