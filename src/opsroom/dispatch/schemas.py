"""What crosses the boundary: cities, customers, vehicles, orders, rules."""

from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from opsroom.dispatch.models import OrderStatus, RuleKind, VehicleStatus

Key = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][\w.:+ -]*$")
]
Kes = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
Skill = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[a-z][a-z0-9_ -]{0,39}$")]


class Shape(BaseModel):
    """A key that nobody reads is a mistake of who wrote it."""

    model_config = ConfigDict(extra="forbid")


class Recorded(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    updated_at: datetime
    version: int


class Location(Shape):
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, examples=[-1.2921])
    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, examples=[36.8219])
    address: str | None = Field(None, max_length=400)
    city: str | None = Field(None, max_length=80)


class TimeWindow(Shape):
    """Between which instants unloading may begin."""

    start_time: AwareDatetime | None = None
    end_time: AwareDatetime | None = None

    @field_validator("start_time", "end_time")
    @classmethod
    def _whole_seconds(cls, value: datetime | None) -> datetime | None:
        return value and value.replace(microsecond=0)

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start_time and self.end_time and self.end_time <= self.start_time:
            raise ValueError(f"the window ends at {self.end_time}, which is not after its start at {self.start_time}")
        return self


class LocalHours(Shape):
    """Hours of a local day; an end that is not after the start is the next day's."""

    start: time = Field(examples=["06:00"])
    end: time = Field(examples=["18:00"])


class DeliveryWindow(LocalHours):
    days: list[Annotated[int, Field(ge=0, le=6)]] = Field(
        default_factory=lambda: list(range(7)), min_length=1, description="0 = Monday, local"
    )


class CustomerConstraints(Shape):
    max_wait_hours: float | None = Field(None, gt=0, le=720, description="an order leaves so long after it came")
    delivery_windows: list[DeliveryWindow] = Field(default_factory=list, max_length=20)
    refused_vehicle_types: list[str] = Field(default_factory=list, max_length=20)


class CustomerPreferences(Shape):
    unloading_minutes: int | None = Field(None, ge=0, le=480)
    notify_email: bool | None = None
    contact_person: str | None = Field(None, max_length=200)
    notes: str | None = Field(None, max_length=2000)


class SpecialHandling(Shape):
    """refrigerated, hazardous, oversized and livestock need a vehicle with the skill of that name."""

    fragile: bool = False
    refrigerated: bool = False
    hazardous: bool = False
    oversized: bool = False
    livestock: bool = False
    notes: str | None = Field(None, max_length=1000)


class CityFields(Shape):
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    served: bool = True


class CityCreate(CityFields):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)] = Field(
        examples=["Nakuru"]
    )


class CityRead(Recorded):
    name: str
    latitude: float
    longitude: float
    served: bool


class CustomerFields(Shape):
    name: str = Field(min_length=1, max_length=200, examples=["ABC Company"])
    email: str | None = Field(None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    phone: str | None = Field(None, max_length=40, pattern=r"^[+0-9][0-9 ()/-]{3,39}$")
    address: str | None = Field(None, max_length=400)
    constraints: CustomerConstraints = CustomerConstraints()
    preferences: CustomerPreferences = CustomerPreferences()
    active: bool = True


class CustomerCreate(CustomerFields):
    customer_id: Key = Field(examples=["C-ABC"])


class CustomerRead(Recorded):
    customer_id: str
    name: str
    email: str | None
    phone: str | None
    address: str | None
    constraints: dict[str, Any]
    preferences: dict[str, Any]
    active: bool


class VehicleFields(Shape):
    vehicle_type: str = Field(min_length=1, max_length=40, examples=["10t truck"])
    capacity_tonnes: float = Field(gt=0, le=200, allow_inf_nan=False)
    capacity_m3: float = Field(gt=0, le=1000, allow_inf_nan=False)
    skills: list[Skill] = Field(default_factory=list, max_length=20, examples=[["refrigerated"]])
    current_location: Location
    home_location: Location | None = Field(None, description="where a tour ends; none: where its last stop is")
    status: VehicleStatus = VehicleStatus.AVAILABLE
    available_at: AwareDatetime | None = None
    fuel_cost_per_km: Kes
    driver_cost_per_hour: Kes
    fixed_cost: Kes = Decimal(0)
    shift: LocalHours | None = Field(None, description="local hours in which it drives; none: at any hour")


class VehicleCreate(VehicleFields):
    vehicle_id: Key = Field(examples=["KDA-101"])


class VehicleRead(Recorded):
    vehicle_id: str
    vehicle_type: str
    capacity_tonnes: float
    capacity_m3: float
    skills: list[str]
    current_location: dict[str, Any]
    home_location: dict[str, Any] | None
    status: VehicleStatus
    available_at: datetime | None
    fuel_cost_per_km: Decimal
    driver_cost_per_hour: Decimal
    fixed_cost: Decimal
    shift: dict[str, Any] | None


class OrderFields(Shape):
    pickup_location: Location
    destination_city: str = Field(min_length=1, max_length=80, description="one of the cities served")
    destination_location: Location | None = Field(None, description="the city's own place, if it is left out")
    weight_tonnes: float = Field(gt=0, le=100, allow_inf_nan=False)
    volume_m3: float = Field(0, ge=0, le=500, allow_inf_nan=False)
    time_window: TimeWindow | None = None
    priority: int = Field(0, ge=0, le=4, description="0 is ordinary; each step doubles what waiting weighs")
    special_handling: SpecialHandling = SpecialHandling()
    price_kes: Kes


class OrderCreate(OrderFields):
    order_id: Key | None = Field(None, description="made up, if it is left out")
    customer_id: str | None = Field(None, max_length=40, description="or `customer_name`")
    customer_name: str | None = Field(None, max_length=200)
    received_at: AwareDatetime | None = Field(None, description="now, if it is left out")

    @model_validator(mode="after")
    def _somebody_sends_it(self) -> Self:
        if self.customer_id is None and self.customer_name is None:
            raise ValueError("say whose order it is: customer_id or customer_name")
        return self


class OrderRead(Recorded):
    order_id: str
    customer_id: str
    customer_name: str
    pickup_location: dict[str, Any]
    destination_city: str
    destination_location: dict[str, Any]
    weight_tonnes: float
    volume_m3: float
    time_window: dict[str, Any]
    priority: int
    special_handling: dict[str, Any]
    price_kes: Decimal
    status: OrderStatus
    route_id: str | None
    received_at: datetime
    must_go_by: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    cancelled_reason: str | None


class RuleCreate(Shape):
    order_id: str = Field(max_length=40)
    vehicle_id: str = Field(max_length=40)
    kind: RuleKind = Field(description="pin: with this vehicle only; forbid: never with this one")
    reason: str | None = Field(None, max_length=400)


class RuleRead(Recorded):
    order_id: str
    vehicle_id: str
    kind: RuleKind
    reason: str | None
