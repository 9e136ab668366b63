"""Made-up customers, trucks and orders of a freight operator in Nairobi; the same every time for the same day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from opsroom.dispatch.models import Customer, Vehicle

DEPOT = {"lat": -1.3031, "lon": 36.8535, "address": "Industrial Area, Nairobi", "city": "Nairobi"}
TOWNS = (("Nakuru", 0.32), ("Eldoret", 0.24), ("Kisumu", 0.2), ("Kitale", 0.16), ("Naivasha", 0.08))
KES_PER_TONNE = {"Nakuru": 7500, "Eldoret": 12500, "Kisumu": 13500, "Kitale": 15500, "Naivasha": 5500, "Nairobi": 11000}
ORDERS_A_DAY = 12
SEED = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """An order as somebody gives it."""

    received_at: datetime
    values: dict[str, Any]


def customers() -> list[Customer]:
    shops = {"days": [0, 1, 2, 3, 4, 5], "start": "07:00", "end": "19:00"}
    told: tuple[Any, ...] = (
        ("C-ABC", "ABC Company", "freight@abc.example", "+254 711 000 101", {"max_wait_hours": 36}, {}),
        ("C-XYZ", "XYZ Logistics", "desk@xyz.example", "+254 711 000 102", {"max_wait_hours": 20}, {}),
        ("C-RVD", "Rift Valley Dairies", "cold@rvd.example", "+254 711 000 103", {"max_wait_hours": 10}, {}),
        ("C-LKH", "Lakeside Hardware", "stores@lakeside.example", "+254 711 000 104",
         {"max_wait_hours": 48, "refused_vehicle_types": ["14t truck"]}, {"unloading_minutes": 45}),
        ("C-HGT", "Highland Tea", "export@highland.example", "+254 711 000 105",
         {"max_wait_hours": 60, "delivery_windows": [shops]}, {"unloading_minutes": 30}),
    )  # fmt: skip
    return [
        Customer(customer_id=key, name=name, email=mail, phone=phone, constraints=agreed, preferences=liked)
        for key, name, mail, phone, agreed, liked in told
    ]


def vehicles() -> list[Vehicle]:
    told: tuple[Any, ...] = (
        ("KDA 005T", "5t truck", 5, 26, [], 38, 320, 2500),
        ("KDB 010T", "10t truck", 10, 48, [], 52, 350, 3500),
        ("KDC 007R", "7t reefer", 7, 32, ["refrigerated"], 56, 380, 4200),
        ("KDD 014T", "14t truck", 14, 62, ["oversized"], 64, 380, 4500),
        ("KDE 005T", "5t truck", 5, 26, ["hazardous"], 38, 320, 2500),
    )
    return [
        Vehicle(
            vehicle_id=key, vehicle_type=kind, capacity_tonnes=tonnes, capacity_m3=volume, skills=skills,
            current_location=DEPOT, home_location=DEPOT, fuel_cost_per_km=Decimal(km),
            driver_cost_per_hour=Decimal(hour), fixed_cost=Decimal(fixed),
        )
        for key, kind, tonnes, volume, skills, km, hour, fixed in told
    ]  # fmt: skip


def wishes(first_day: datetime, until: datetime) -> Iterator[Wish]:
    """Orders received from six in the morning to six in the evening of each day, by their instant."""
    day = 0
    while first_day + timedelta(days=day) < until:
        start = first_day + timedelta(days=day, hours=6)
        generator = np.random.default_rng([SEED, day])
        minutes = np.sort(generator.integers(0, 12 * 60, size=ORDERS_A_DAY))
        for number, minute in enumerate(minutes):
            at = start + timedelta(minutes=int(minute))
            if at <= until:
                yield _wish(at, f"O-{day + 1}{number + 1:02}", generator)
        day += 1


def _wish(at: datetime, key: str, generator: np.random.Generator) -> Wish:
    town = str(generator.choice([name for name, _ in TOWNS], p=[share for _, share in TOWNS]))
    cold = generator.random() < 0.15
    customer = "C-RVD" if cold else str(generator.choice(["C-ABC", "C-XYZ", "C-LKH", "C-HGT"]))
    tonnes = round(float(generator.uniform(0.6, 4.2)), 1)
    price = round(tonnes * KES_PER_TONNE[town] * float(generator.uniform(0.9, 1.2)), -2)
    values: dict[str, Any] = {
        "order_id": key,
        "customer_id": customer,
        "pickup_location": DEPOT,
        "destination_city": town,
        "weight_tonnes": tonnes,
        "volume_m3": round(tonnes * float(generator.uniform(2.5, 4.5)), 1),
        "price_kes": Decimal(str(price)),
        "priority": int(generator.random() < 0.1),
        "special_handling": {"refrigerated": True} if cold else {},
        "received_at": at,
    }
    if generator.random() < 0.25:
        due = at + timedelta(hours=float(generator.integers(18, 34)))
        values["time_window"] = {"start_time": None, "end_time": due.replace(microsecond=0)}
    return Wish(at, values)
