"""The dispatch app's plain records, declared. What happens to routes and decisions has verbs of its own."""

from opsroom.core.resources.declaration import Resource
from opsroom.core.shapes import patch_of
from opsroom.dispatch.models import AssignmentRule, City, Customer, Order, Vehicle
from opsroom.dispatch.plan_models import (
    Decision,
    DriverEvent,
    OperationalOutcome,
    Route,
    RouteStop,
    TravelCorrection,
)
from opsroom.dispatch.plan_schemas import (
    CorrectionRead,
    DecisionRead,
    EventRead,
    OutcomeRead,
    RouteRead,
    StopRead,
)
from opsroom.dispatch.records import prepare_order, prepare_rule, prepare_vehicle
from opsroom.dispatch.schemas import (
    CityCreate,
    CityFields,
    CityRead,
    CustomerCreate,
    CustomerFields,
    CustomerRead,
    OrderCreate,
    OrderFields,
    OrderRead,
    RuleCreate,
    RuleRead,
    VehicleCreate,
    VehicleFields,
    VehicleRead,
)

PREFIX = "/api/v1/dispatch"
TAGS = ("dispatch",)

CITIES = Resource(
    model=City,
    prefix=f"{PREFIX}/cities",
    tags=TAGS,
    read=CityRead,
    create=CityCreate,
    update=patch_of(CityFields),
    permission="dispatch.cities",
    key="name",
    search=("name",),
    order=("name",),
)
CUSTOMERS = Resource(
    model=Customer,
    prefix=f"{PREFIX}/customers",
    tags=TAGS,
    read=CustomerRead,
    create=CustomerCreate,
    update=patch_of(CustomerFields),
    permission="dispatch.customers",
    key="customer_id",
    search=("customer_id", "name", "email", "phone"),
)
VEHICLES = Resource(
    model=Vehicle,
    prefix=f"{PREFIX}/vehicles",
    tags=TAGS,
    read=VehicleRead,
    create=VehicleCreate,
    update=patch_of(VehicleFields),
    permission="dispatch.vehicles",
    key="vehicle_id",
    search=("vehicle_id", "vehicle_type"),
    prepare=prepare_vehicle,
)
ORDERS = Resource(
    model=Order,
    prefix=f"{PREFIX}/orders",
    tags=TAGS,
    read=OrderRead,
    create=OrderCreate,
    update=patch_of(OrderFields),
    permission="dispatch.orders",
    key="order_id",
    search=("order_id", "customer_name", "destination_city"),
    prepare=prepare_order,
)
RULES = Resource(
    model=AssignmentRule,
    prefix=f"{PREFIX}/assignment-rules",
    tags=TAGS,
    read=RuleRead,
    create=RuleCreate,
    permission="dispatch.orders",
    search=("order_id", "vehicle_id", "reason"),
    prepare=prepare_rule,
)
DECISIONS = Resource(
    model=Decision,
    prefix=f"{PREFIX}/decisions",
    tags=TAGS,
    read=DecisionRead,
    permission="dispatch.decisions",
    key="decision_id",
    search=("decision_id", "policy", "requested_by"),
)
ROUTES = Resource(
    model=Route,
    prefix=f"{PREFIX}/routes",
    tags=TAGS,
    read=RouteRead,
    permission="dispatch.routes",
    key="route_id",
    search=("route_id", "vehicle_id"),
)
STOPS = Resource(
    model=RouteStop,
    prefix=f"{PREFIX}/stops",
    tags=TAGS,
    read=StopRead,
    permission="dispatch.routes",
    key="stop_id",
    search=("stop_id", "order_id"),
)
EVENTS = Resource(
    model=DriverEvent,
    prefix=f"{PREFIX}/events",
    tags=TAGS,
    read=EventRead,
    permission="dispatch.events",
    key="event_id",
    search=("route_id", "reason"),
)
OUTCOMES = Resource(
    model=OperationalOutcome,
    prefix=f"{PREFIX}/outcomes",
    tags=TAGS,
    read=OutcomeRead,
    permission="dispatch.outcomes",
    key="outcome_id",
    search=("outcome_id", "route_id"),
)
CORRECTIONS = Resource(
    model=TravelCorrection,
    prefix=f"{PREFIX}/corrections",
    tags=TAGS,
    read=CorrectionRead,
    permission="dispatch.outcomes",
    order=("-number",),
)

RESOURCES = (
    CITIES, CUSTOMERS, VEHICLES, ORDERS, RULES, DECISIONS, ROUTES, STOPS, EVENTS, OUTCOMES, CORRECTIONS,
)  # fmt: skip
