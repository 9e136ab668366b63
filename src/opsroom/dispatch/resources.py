"""The dispatch app's plain records, declared. What happens to routes and decisions has verbs of its own."""

from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.presentation import Presentation
from opsroom.core.shapes import patch_of
from opsroom.dispatch.learned_models import LearnedPolicy, TravelCorrection
from opsroom.dispatch.models import AssignmentRule, City, Customer, Order, Vehicle
from opsroom.dispatch.outcome_models import DriverEvent, OperationalOutcome
from opsroom.dispatch.plan_models import Decision, Route, RouteStop
from opsroom.dispatch.plan_schemas import (
    CorrectionRead,
    DecisionRead,
    EventRead,
    LearnedPolicyRead,
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

VEHICLE_KINDS = {
    "available": "up", "loading": "waiting", "en_route": "running", "maintenance": "down", "off_duty": "unknown",
}  # fmt: skip
ORDER_KINDS = {
    "pending": "waiting", "assigned": "held", "in_transit": "running", "delivered": "up", "failed": "down",
    "cancelled": "unknown",
}  # fmt: skip
ROUTE_KINDS = {
    "planned": "waiting", "dispatched": "held", "in_progress": "running", "completed": "up", "cancelled": "unknown",
}  # fmt: skip

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
    presentation=Presentation(title="Which cities are served?", listed=False),
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
    presentation=Presentation(columns=("customer_id", "name", "phone", "email", "constraints", "active")),
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
    presentation=Presentation(
        columns=("vehicle_id", "vehicle_type", "capacity_tonnes", "capacity_m3", "skills", "status", "available_at"),
        kinds={"status": VEHICLE_KINDS},
        links=(("Day", "/console/dispatch/day"),),
    ),
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
    presentation=Presentation(
        columns=("order_id", "customer_name", "destination_city", "weight_tonnes", "price_kes", "status", "must_go_by"),
        kinds={"status": ORDER_KINDS},
        aside="dispatch/order_aside.html",
    ),
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
    presentation=Presentation(title="What was pinned and forbidden?", label="order_id", listed=False),
)
DECISIONS = Resource(
    model=Decision,
    prefix=f"{PREFIX}/decisions",
    tags=TAGS,
    read=DecisionRead,
    permission="dispatch.decisions",
    key="decision_id",
    search=("decision_id", "policy", "requested_by"),
    presentation=Presentation(page="/console/dispatch/decisions/{decision_id}", listed=False),
)
ROUTES = Resource(
    model=Route,
    prefix=f"{PREFIX}/routes",
    tags=TAGS,
    read=RouteRead,
    permission="dispatch.routes",
    key="route_id",
    search=("route_id", "vehicle_id"),
    presentation=Presentation(
        columns=("route_id", "vehicle_id", "cities", "status", "leaves_at", "total_distance_km", "estimated_cost_kes"),
        kinds={"status": ROUTE_KINDS},
    ),
)
STOPS = Resource(
    model=RouteStop,
    prefix=f"{PREFIX}/stops",
    tags=TAGS,
    read=StopRead,
    permission="dispatch.routes",
    key="stop_id",
    search=("stop_id", "order_id"),
    presentation=Presentation(listed=False),
)
EVENTS = Resource(
    model=DriverEvent,
    prefix=f"{PREFIX}/events",
    tags=TAGS,
    read=EventRead,
    permission="dispatch.events",
    key="event_id",
    search=("route_id", "reason"),
    presentation=Presentation(listed=False),
)
OUTCOMES = Resource(
    model=OperationalOutcome,
    prefix=f"{PREFIX}/outcomes",
    tags=TAGS,
    read=OutcomeRead,
    permission="dispatch.outcomes",
    key="outcome_id",
    search=("outcome_id", "route_id"),
    presentation=Presentation(
        columns=("outcome_id", "recorded_at", "actual_cost_kes", "duration_error", "profit_kes", "late_deliveries"),
    ),
)
CORRECTIONS = Resource(
    model=TravelCorrection,
    prefix=f"{PREFIX}/corrections",
    tags=TAGS,
    read=CorrectionRead,
    permission="dispatch.outcomes",
    order=("-number",),
    presentation=Presentation(
        title="What was learned of travel times?",
        label="number",
        listed=False,
        columns=("number", "status", "trained_on", "error_before", "error_after", "created_at"),
    ),
)
LEARNED_POLICIES = Resource(
    model=LearnedPolicy,
    prefix=f"{PREFIX}/learned-policies",
    tags=TAGS,
    read=LearnedPolicyRead,
    permission="dispatch.outcomes",
    order=("-number",),
    presentation=Presentation(
        title="What was learned of policies?",
        label="number",
        listed=False,
        columns=("number", "policy", "kind", "status", "cost_before", "cost_after", "difference_high", "created_at"),
    ),
)

RESOURCES = (
    CITIES, CUSTOMERS, VEHICLES, ORDERS, RULES, DECISIONS, ROUTES, STOPS, EVENTS, OUTCOMES, CORRECTIONS,
    LEARNED_POLICIES,
)  # fmt: skip
