"""What happens to the house during the load: who is killed when, and for how long Redis is away."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.redis_server import Redis
from tests.torture.load.front import Front
from tests.torture.programs import Program

AWAY = 1.0  # seconds until who was killed is started again


@dataclass
class House:
    """told: what was done to it, in order"""

    front: Front
    workers: Sequence[Program]
    redis: Redis
    told: list[str] = field(default_factory=list)

    async def kill_worker(self, *numbers: int) -> None:
        for number in numbers:
            self.workers[number].kill()
            self.told.append(f"worker {number} killed")
        await asyncio.sleep(AWAY)
        for number in numbers:
            self.workers[number].start()

    async def kill_server(self, number: int) -> None:
        place = self.front.places[number]
        self.front.kill(place)
        self.told.append(f"server {number} killed")
        await asyncio.sleep(AWAY)
        await self.front.bring_back(place)

    async def stop_redis(self) -> None:
        self.redis.kill()
        self.told.append("Redis stopped")

    async def start_redis(self) -> None:
        await asyncio.to_thread(self.redis.start)
        self.told.append("Redis is back")


async def disturb(house: House, seconds: float, *, stop_redis: bool) -> None:
    """Spread over the time of the load; the last fifth is quiet."""
    plan: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (0.10, lambda: house.kill_worker(0)),
        (0.25, lambda: house.kill_server(0)),
        (0.60, lambda: house.kill_worker(0, 1)),
        (0.70, lambda: house.kill_server(1)),
        (0.80, lambda: house.kill_worker(1)),
    ]
    if stop_redis:
        plan += [(0.40, house.stop_redis), (0.65, house.start_redis)]

    async def later(part: float, happens: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(part * seconds)
        await happens()

    async with asyncio.TaskGroup() as group:
        for part, happens in plan:
            group.create_task(later(part, happens))
