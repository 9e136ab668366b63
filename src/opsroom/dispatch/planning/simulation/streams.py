"""Random numbers that belong to a thing, not to a run: every policy meets the same orders and the same roads.

Each number is drawn from a generator keyed by the seed and by what it is about (an hour, an order). Nothing that a
policy does can shift the numbers that another order meets, so two policies differ by their decisions alone.
"""

import hashlib
import math

import numpy as np

from opsroom.dispatch.planning.arrivals import HistoryForecast, moved
from opsroom.dispatch.planning.problem import ArrivalBelief, Order

HOUR = 3600


def keyed(seed: int, *about: str | int) -> np.random.Generator:
    digest = hashlib.blake2b(repr(about).encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def generated(belief: ArrivalBelief, begin: int, end: int, seed: int) -> tuple[Order, ...]:
    """Poisson arrivals in [begin, end), hour by hour, each after the likeness of a past order."""
    forecast = HistoryForecast(belief)
    orders = []
    for hour in range(begin // HOUR, -(-end // HOUR)):
        opens, closes = max(hour * HOUR, begin), min((hour + 1) * HOUR, end)
        number = int(keyed(seed, "hour", hour).poisson(forecast.expected(opens, closes - opens)))
        for serial in range(number):
            own = keyed(seed, "order", hour, serial)
            likeness = belief.history[int(own.integers(len(belief.history)))]
            orders.append(moved(likeness, int(own.integers(opens, closes)), f"{hour}-{serial}"))
    return tuple(sorted(orders, key=lambda order: (order.received, order.key)))


def delay_factor(seed: int, order: str, spread: float) -> float:
    """What the drive to this order takes, as a multiple of what was foreseen: log-normal with mean one."""
    if not spread:
        return 1.0
    normal = float(keyed(seed, "road", order).standard_normal())
    return math.exp(spread * normal - spread * spread / 2)
