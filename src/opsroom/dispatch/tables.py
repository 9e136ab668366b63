"""Importing this registers the tables of the dispatch app."""

from opsroom.dispatch.models import AssignmentRule, City, Customer, Order, Vehicle
from opsroom.dispatch.plan_models import (
    Decision,
    DriverEvent,
    OperationalOutcome,
    Route,
    RouteStop,
    TravelCorrection,
)

__all__ = [
    "AssignmentRule",
    "City",
    "Customer",
    "Decision",
    "DriverEvent",
    "OperationalOutcome",
    "Order",
    "Route",
    "RouteStop",
    "TravelCorrection",
    "Vehicle",
]
