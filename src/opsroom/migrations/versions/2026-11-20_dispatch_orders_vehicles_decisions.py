"""dispatch orders vehicles decisions

Revision: 108975b5e245
After: 0c6ff8d42a63

The old code may still be running while this is applied: add columns with a default or as nullable,
create indexes concurrently on big tables, and rename nothing that is in use.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "108975b5e245"
down_revision: str | None = "0c6ff8d42a63"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


CITIES = (
    ("Nairobi", -1.2921, 36.8219),
    ("Nakuru", -0.3031, 36.0800),
    ("Eldoret", 0.5143, 35.2698),
    ("Kitale", 1.0157, 35.0062),
    ("Kisumu", -0.0917, 34.7680),
    ("Naivasha", -0.7167, 36.4359),
    ("Kericho", -0.3677, 35.2831),
    ("Thika", -1.0332, 37.0693),
    ("Machakos", -1.5177, 37.2634),
    ("Nyeri", -0.4201, 36.9476),
    ("Bungoma", 0.5635, 34.5606),
    ("Mombasa", -4.0435, 39.6682),
)


def upgrade() -> None:
    _create_tables()
    # The enumeration of destinations is data; an operation elsewhere adds and switches off cities by the API.
    op.bulk_insert(
        sa.table(
            "cities",
            sa.column("id", sa.Uuid()),
            sa.column("name", sa.String()),
            sa.column("latitude", sa.Double()),
            sa.column("longitude", sa.Double()),
        ),
        [
            {"id": UUID(int=0x0193_4000_0000_7000_8000_0000_0000_0000 + n), "name": name, "latitude": y, "longitude": x}
            for n, (name, y, x) in enumerate(CITIES)
        ],
    )


def _create_tables() -> None:
    op.create_table(
        "cities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("served", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_cities_latitude")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_cities_longitude")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cities")),
        sa.UniqueConstraint("name", name=op.f("uq_cities_name")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=400), nullable=True),
        sa.Column(
            "constraints", sa.JSON().with_variant(JSONB(), "postgresql"), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "preferences", sa.JSON().with_variant(JSONB(), "postgresql"), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_customers_customer_id")),
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_name"), ["name"], unique=False)

    op.create_table(
        "travel_corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "retired",
                "refused",
                name="correctionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("factors", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("overall_factor", sa.Double(), nullable=False),
        sa.Column("trained_on", sa.Integer(), nullable=False),
        sa.Column("held_out", sa.Integer(), nullable=False),
        sa.Column("error_before", sa.Double(), nullable=True),
        sa.Column("error_after", sa.Double(), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("trained_on >= 0 AND held_out >= 0", name=op.f("ck_travel_corrections_legs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_travel_corrections")),
        sa.UniqueConstraint("number", name=op.f("uq_travel_corrections_number")),
    )
    with op.batch_alter_table("travel_corrections", schema=None) as batch_op:
        batch_op.create_index(
            "uq_travel_corrections_in_force",
            ["status"],
            unique=True,
            postgresql_where=sa.text("status = 'active'"),
            sqlite_where=sa.text("status = 'active'"),
        )

    op.create_table(
        "vehicles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.String(length=40), nullable=False),
        sa.Column("vehicle_type", sa.String(length=40), nullable=False),
        sa.Column("capacity_tonnes", sa.Double(), nullable=False),
        sa.Column("capacity_m3", sa.Double(), nullable=False),
        sa.Column(
            "skills", sa.JSON().with_variant(JSONB(), "postgresql"), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column("current_location", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("home_location", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "available",
                "en_route",
                "loading",
                "maintenance",
                "off_duty",
                name="vehiclestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fuel_cost_per_km", sa.BigInteger(), nullable=False),
        sa.Column("driver_cost_per_hour", sa.BigInteger(), nullable=False),
        sa.Column("fixed_cost", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("shift", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("capacity_m3 > 0", name=op.f("ck_vehicles_capacity_m3")),
        sa.CheckConstraint("capacity_tonnes > 0", name=op.f("ck_vehicles_capacity_tonnes")),
        sa.CheckConstraint("driver_cost_per_hour >= 0", name=op.f("ck_vehicles_driver_cost")),
        sa.CheckConstraint("fixed_cost >= 0", name=op.f("ck_vehicles_fixed_cost")),
        sa.CheckConstraint("fuel_cost_per_km >= 0", name=op.f("ck_vehicles_fuel_cost")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicles")),
        sa.UniqueConstraint("vehicle_id", name=op.f("uq_vehicles_vehicle_id")),
    )
    with op.batch_alter_table("vehicles", schema=None) as batch_op:
        batch_op.create_index("ix_vehicles_status_available_at", ["status", "available_at"], unique=False)
        batch_op.create_index("ix_vehicles_type_capacity_tonnes", ["vehicle_type", "capacity_tonnes"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "on_demand",
                "scheduled",
                "triggered",
                "replan",
                name="decisiontype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "committed",
                "rejected",
                name="decisionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("parameters", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("horizon", sa.SmallInteger(), nullable=False),
        sa.Column("state_snapshot", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("state_sha256", sa.String(length=64), nullable=False),
        sa.Column("versions", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("routes_proposed", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("orders_routed", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("orders_waiting", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("estimated_cost_kes", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("confidence_samples", sa.Integer(), nullable=True),
        sa.Column("agreements", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("travel", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("alternatives", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("computation_ms", sa.Integer(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("committed_by", sa.String(length=150), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_reason", sa.String(length=400), nullable=True),
        sa.Column("requested_by", sa.String(length=150), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(status = 'committed') = (committed_at IS NOT NULL)", name=op.f("ck_decisions_committed_at")
        ),
        sa.CheckConstraint(
            "(confidence IS NULL) = (confidence_samples IS NULL)", name=op.f("ck_decisions_confidence_samples")
        ),
        sa.CheckConstraint("computation_ms >= 0", name=op.f("ck_decisions_computation_ms")),
        sa.CheckConstraint("confidence IS NULL OR confidence BETWEEN 0 AND 1", name=op.f("ck_decisions_confidence")),
        sa.CheckConstraint(
            "executed_at IS NULL OR committed_at IS NOT NULL", name=op.f("ck_decisions_executed_after_commit")
        ),
        sa.CheckConstraint("length(state_sha256) = 64", name=op.f("ck_decisions_state_sha256")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_decisions_job_id_jobs"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_decisions_decision_id")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_decisions_policy_decided_for", ["policy", "decided_for"], unique=False)
        batch_op.create_index("ix_decisions_status_decided_for", ["status", "decided_for"], unique=False)
        batch_op.create_index("ix_decisions_type_decided_for", ["type", "decided_for"], unique=False)

    op.create_table(
        "routes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("route_id", sa.String(length=48), nullable=False),
        sa.Column("vehicle_id", sa.String(length=40), nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "dispatched",
                "in_progress",
                "completed",
                "cancelled",
                name="routestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("orders", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("cities", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returns_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total_distance_km", sa.Double(), nullable=False),
        sa.Column("estimated_duration_minutes", sa.Double(), nullable=False),
        sa.Column("estimated_cost_kes", sa.BigInteger(), nullable=False),
        sa.Column("actual_distance_km", sa.Double(), nullable=True),
        sa.Column("actual_duration_minutes", sa.Double(), nullable=True),
        sa.Column("actual_cost_kes", sa.BigInteger(), nullable=True),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("locked", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("status <> 'completed' OR completed_at IS NOT NULL", name=op.f("ck_routes_completed_at")),
        sa.CheckConstraint("estimated_cost_kes >= 0", name=op.f("ck_routes_estimated_cost")),
        sa.CheckConstraint("estimated_duration_minutes >= 0", name=op.f("ck_routes_estimated_duration")),
        sa.CheckConstraint("leaves_at <= returns_at", name=op.f("ck_routes_leaves_before_it_returns")),
        sa.CheckConstraint("total_distance_km >= 0", name=op.f("ck_routes_total_distance_km")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.decision_id"], name=op.f("fk_routes_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"], ["vehicles.vehicle_id"], name=op.f("fk_routes_vehicle_id_vehicles"), onupdate="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routes")),
        sa.UniqueConstraint("route_id", name=op.f("uq_routes_route_id")),
    )
    with op.batch_alter_table("routes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_routes_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index("ix_routes_status_leaves_at", ["status", "leaves_at"], unique=False)
        batch_op.create_index("ix_routes_vehicle_id_leaves_at", ["vehicle_id", "leaves_at"], unique=False)
        batch_op.create_index(
            "uq_routes_vehicle_on_the_road",
            ["vehicle_id"],
            unique=True,
            postgresql_where=sa.text("status IN ('dispatched', 'in_progress')"),
            sqlite_where=sa.text("status IN ('dispatched', 'in_progress')"),
        )

    op.create_table(
        "operational_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outcome_id", sa.String(length=60), nullable=False),
        sa.Column("route_id", sa.String(length=48), nullable=False),
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actual_cost_kes", sa.BigInteger(), nullable=False),
        sa.Column("actual_duration_minutes", sa.Double(), nullable=False),
        sa.Column("actual_distance_km", sa.Double(), nullable=False),
        sa.Column("cost_error", sa.Double(), nullable=True),
        sa.Column("duration_error", sa.Double(), nullable=True),
        sa.Column("distance_error", sa.Double(), nullable=True),
        sa.Column("revenue_kes", sa.BigInteger(), nullable=False),
        sa.Column("profit_kes", sa.BigInteger(), nullable=False),
        sa.Column("on_time_deliveries", sa.Integer(), nullable=False),
        sa.Column("late_deliveries", sa.Integer(), nullable=False),
        sa.Column("failed_deliveries", sa.Integer(), nullable=False),
        sa.Column("metrics", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("failed_deliveries >= 0", name=op.f("ck_operational_outcomes_failed_deliveries")),
        sa.CheckConstraint("late_deliveries >= 0", name=op.f("ck_operational_outcomes_late_deliveries")),
        sa.CheckConstraint("on_time_deliveries >= 0", name=op.f("ck_operational_outcomes_on_time_deliveries")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.decision_id"], name=op.f("fk_operational_outcomes_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(
            ["route_id"], ["routes.route_id"], name=op.f("fk_operational_outcomes_route_id_routes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operational_outcomes")),
        sa.UniqueConstraint("outcome_id", name=op.f("uq_operational_outcomes_outcome_id")),
        sa.UniqueConstraint("route_id", name=op.f("uq_operational_outcomes_route_id")),
    )
    with op.batch_alter_table("operational_outcomes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_operational_outcomes_decision_id"), ["decision_id"], unique=False)
        batch_op.create_index("ix_operational_outcomes_recorded_at", ["recorded_at"], unique=False)

    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("pickup_location", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("destination_city", sa.String(length=80), nullable=False),
        sa.Column("destination_location", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("weight_tonnes", sa.Double(), nullable=False),
        sa.Column("volume_m3", sa.Double(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "special_handling",
            sa.JSON().with_variant(JSONB(), "postgresql"),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("price_kes", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "assigned",
                "in_transit",
                "delivered",
                "failed",
                "cancelled",
                name="orderstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("route_id", sa.String(length=48), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("must_go_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("status <> 'delivered' OR delivered_at IS NOT NULL", name=op.f("ck_orders_delivered_at")),
        sa.CheckConstraint("status <> 'pending' OR route_id IS NULL", name=op.f("ck_orders_pending_has_no_route")),
        sa.CheckConstraint(
            "status NOT IN ('assigned', 'in_transit') OR route_id IS NOT NULL",
            name=op.f("ck_orders_assigned_has_route"),
        ),
        sa.CheckConstraint("price_kes >= 0", name=op.f("ck_orders_price_kes")),
        sa.CheckConstraint("priority BETWEEN 0 AND 4", name=op.f("ck_orders_priority")),
        sa.CheckConstraint("volume_m3 >= 0", name=op.f("ck_orders_volume_m3")),
        sa.CheckConstraint("weight_tonnes > 0", name=op.f("ck_orders_weight_tonnes")),
        sa.CheckConstraint(
            "window_start IS NULL OR window_end IS NULL OR window_start < window_end",
            name=op.f("ck_orders_time_window"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name=op.f("fk_orders_customer_id_customers"), onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["destination_city"], ["cities.name"], name=op.f("fk_orders_destination_city_cities"), onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["route_id"], ["routes.route_id"], name=op.f("fk_orders_route_id_routes"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("order_id", name=op.f("uq_orders_order_id")),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("ix_orders_customer_id_received_at", ["customer_id", "received_at"], unique=False)
        batch_op.create_index("ix_orders_destination_city_status", ["destination_city", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_orders_route_id"), ["route_id"], unique=False)
        batch_op.create_index("ix_orders_status_must_go_by", ["status", "must_go_by"], unique=False)
        batch_op.create_index("ix_orders_status_received_at", ["status", "received_at"], unique=False)

    op.create_table(
        "assignment_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("vehicle_id", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("pin", "forbid", name="rulekind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order_id"], name=op.f("fk_assignment_rules_order_id_orders"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_assignment_rules_user_id_users"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["vehicle_id"],
            ["vehicles.vehicle_id"],
            name=op.f("fk_assignment_rules_vehicle_id_vehicles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_rules")),
        sa.UniqueConstraint("order_id", "vehicle_id", name="uq_assignment_rules_pair"),
    )
    with op.batch_alter_table("assignment_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assignment_rules_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assignment_rules_vehicle_id"), ["vehicle_id"], unique=False)
        batch_op.create_index(
            "uq_assignment_rules_pin",
            ["order_id"],
            unique=True,
            postgresql_where=sa.text("kind = 'pin'"),
            sqlite_where=sa.text("kind = 'pin'"),
        )

    op.create_table(
        "route_stops",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stop_id", sa.String(length=60), nullable=False),
        sa.Column("route_id", sa.String(length=48), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column(
            "stop_type",
            sa.Enum("pickup", "delivery", name="stoptype", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "planned",
                "done",
                "failed",
                "skipped",
                name="stopstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sequence_order", sa.SmallInteger(), nullable=False),
        sa.Column("location", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("drive_seconds", sa.Integer(), nullable=False),
        sa.Column("planned_arrival", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_departure", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expected_arrival", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_arrival", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actual_departure", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_minutes", sa.Integer(), nullable=False),
        sa.Column("delay_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_reason", sa.String(length=400), nullable=True),
        sa.Column("proof_artifact_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "actual_departure IS NULL OR actual_arrival <= actual_departure", name=op.f("ck_route_stops_actual_arrival")
        ),
        sa.CheckConstraint("planned_arrival <= planned_departure", name=op.f("ck_route_stops_planned_arrival")),
        sa.CheckConstraint("sequence_order > 0", name=op.f("ck_route_stops_sequence_order")),
        sa.CheckConstraint("service_minutes >= 0", name=op.f("ck_route_stops_service_minutes")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.order_id"], name=op.f("fk_route_stops_order_id_orders"), onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["proof_artifact_id"], ["artifacts.id"], name=op.f("fk_route_stops_proof_artifact_id_artifacts")
        ),
        sa.ForeignKeyConstraint(
            ["route_id"], ["routes.route_id"], name=op.f("fk_route_stops_route_id_routes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_stops")),
        sa.UniqueConstraint("route_id", "sequence_order", name="uq_route_stops_sequence_order"),
        sa.UniqueConstraint("stop_id", name=op.f("uq_route_stops_stop_id")),
    )
    with op.batch_alter_table("route_stops", schema=None) as batch_op:
        batch_op.create_index("ix_route_stops_order_id_stop_type", ["order_id", "stop_type"], unique=False)
        batch_op.create_index(batch_op.f("ix_route_stops_proof_artifact_id"), ["proof_artifact_id"], unique=False)
        batch_op.create_index(
            "uq_route_stops_order_to_do",
            ["order_id", "stop_type"],
            unique=True,
            postgresql_where=sa.text("status = 'planned'"),
            sqlite_where=sa.text("status = 'planned'"),
        )

    op.create_table(
        "driver_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("route_id", sa.String(length=48), nullable=False),
        sa.Column("stop_id", sa.String(length=60), nullable=True),
        sa.Column(
            "type",
            sa.Enum(
                "departed",
                "arrived",
                "picked_up",
                "delivered",
                "failed",
                "breakdown",
                "completed",
                name="eventtype",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("proof_artifact_id", sa.Uuid(), nullable=True),
        sa.Column("reported_by", sa.String(length=150), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("(CURRENT_TIMESTAMP)"), nullable=False
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["proof_artifact_id"], ["artifacts.id"], name=op.f("fk_driver_events_proof_artifact_id_artifacts")
        ),
        sa.ForeignKeyConstraint(
            ["route_id"], ["routes.route_id"], name=op.f("fk_driver_events_route_id_routes"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["route_stops.stop_id"], name=op.f("fk_driver_events_stop_id_route_stops"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_driver_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_driver_events_event_id")),
    )
    with op.batch_alter_table("driver_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_driver_events_proof_artifact_id"), ["proof_artifact_id"], unique=False)
        batch_op.create_index("ix_driver_events_route_id_at", ["route_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_driver_events_stop_id"), ["stop_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("driver_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_driver_events_stop_id"))
        batch_op.drop_index("ix_driver_events_route_id_at")
        batch_op.drop_index(batch_op.f("ix_driver_events_proof_artifact_id"))

    op.drop_table("driver_events")
    with op.batch_alter_table("route_stops", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_route_stops_order_to_do",
            postgresql_where=sa.text("status = 'planned'"),
            sqlite_where=sa.text("status = 'planned'"),
        )
        batch_op.drop_index(batch_op.f("ix_route_stops_proof_artifact_id"))
        batch_op.drop_index("ix_route_stops_order_id_stop_type")

    op.drop_table("route_stops")
    with op.batch_alter_table("assignment_rules", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_assignment_rules_pin", postgresql_where=sa.text("kind = 'pin'"), sqlite_where=sa.text("kind = 'pin'")
        )
        batch_op.drop_index(batch_op.f("ix_assignment_rules_vehicle_id"))
        batch_op.drop_index(batch_op.f("ix_assignment_rules_user_id"))

    op.drop_table("assignment_rules")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_status_received_at")
        batch_op.drop_index("ix_orders_status_must_go_by")
        batch_op.drop_index(batch_op.f("ix_orders_route_id"))
        batch_op.drop_index("ix_orders_destination_city_status")
        batch_op.drop_index("ix_orders_customer_id_received_at")

    op.drop_table("orders")
    with op.batch_alter_table("operational_outcomes", schema=None) as batch_op:
        batch_op.drop_index("ix_operational_outcomes_recorded_at")
        batch_op.drop_index(batch_op.f("ix_operational_outcomes_decision_id"))

    op.drop_table("operational_outcomes")
    with op.batch_alter_table("routes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_routes_vehicle_on_the_road",
            postgresql_where=sa.text("status IN ('dispatched', 'in_progress')"),
            sqlite_where=sa.text("status IN ('dispatched', 'in_progress')"),
        )
        batch_op.drop_index("ix_routes_vehicle_id_leaves_at")
        batch_op.drop_index("ix_routes_status_leaves_at")
        batch_op.drop_index(batch_op.f("ix_routes_decision_id"))

    op.drop_table("routes")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_type_decided_for")
        batch_op.drop_index("ix_decisions_status_decided_for")
        batch_op.drop_index("ix_decisions_policy_decided_for")
        batch_op.drop_index(batch_op.f("ix_decisions_job_id"))

    op.drop_table("decisions")
    with op.batch_alter_table("vehicles", schema=None) as batch_op:
        batch_op.drop_index("ix_vehicles_type_capacity_tonnes")
        batch_op.drop_index("ix_vehicles_status_available_at")

    op.drop_table("vehicles")
    with op.batch_alter_table("travel_corrections", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_travel_corrections_in_force",
            postgresql_where=sa.text("status = 'active'"),
            sqlite_where=sa.text("status = 'active'"),
        )

    op.drop_table("travel_corrections")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_name"))

    op.drop_table("customers")
    op.drop_table("cities")
