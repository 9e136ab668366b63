"""Several servers as one address, as a load balancer makes them, and when each of them was away."""

import time
from dataclasses import dataclass, field

from tests.torture.programs import Server

AVOIDED = 1.0  # seconds after a refused connection


@dataclass
class Place:
    """away_since: of the kill that is under way; killed: when it was, and until when it was away"""

    server: Server
    avoided_until: float = 0.0
    away_since: float | None = None
    killed: list[tuple[float, float]] = field(default_factory=list)


class Front:
    def __init__(self, servers: list[Server]) -> None:
        self.places = [Place(server) for server in servers]

    def choose(self, number: int) -> Place:
        """The home server of a caller, or another while that one does not answer."""
        order = [self.places[(number + step) % len(self.places)] for step in range(len(self.places))]
        return next((place for place in order if place.avoided_until <= time.monotonic()), order[0])

    @staticmethod
    def avoid(place: Place) -> None:
        place.avoided_until = time.monotonic() + AVOIDED

    @staticmethod
    def is_excused(place: Place, begun: float, failed: float) -> bool:
        """Whether the server was killed or away at some moment between the two."""
        if place.away_since is not None and place.away_since <= failed:
            return True
        return any(since <= failed and begun <= until for since, until in place.killed)

    @staticmethod
    def kill(place: Place) -> None:
        place.away_since = time.monotonic()
        place.server.kill()

    @staticmethod
    async def bring_back(place: Place) -> None:
        assert place.away_since is not None
        place.server.start()
        await place.server.ready()
        place.killed.append((place.away_since, time.monotonic()))
        place.away_since = None
