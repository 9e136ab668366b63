"""Importing this registers the tables of the dispatch app."""

from opsroom.dispatch.learned_models import LearnedPolicy, TravelCorrection
from opsroom.dispatch.models import AssignmentRule, City, Customer, Order, Vehicle
from opsroom.dispatch.outcome_models import DriverEvent, OperationalOutcome
from opsroom.dispatch.plan_models import Decision, Route, RouteStop

__all__ = [
    "AssignmentRule",
    "City",
    "Customer",
    "Decision",
    "DriverEvent",
    "LearnedPolicy",
    "OperationalOutcome",
    "Order",
    "Route",
    "RouteStop",
    "TravelCorrection",
    "Vehicle",
]
