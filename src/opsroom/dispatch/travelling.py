"""Travel times from the provider that is set, or, when it fails, from the built-in one, and the decision says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import msgspec
import numpy as np

from opsroom.dispatch.deciding import Travelled, built_in
from opsroom.dispatch.planning.problem import Place, State
from opsroom.dispatch.planning.situation import Situation
from opsroom.dispatch.planning.travel import TravelMatrix

OSRM = "osrm"
TIMEOUT = 10.0  # seconds for each step of the exchange
LONGEST_ANSWER = 64 << 20  # bytes

Table = tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]]


class ProviderFailed(Exception):  # noqa: N818  there is another provider
    """The sentence says what went wrong."""


@dataclass(frozen=True)
class Osrm:
    """The table service of OSRM 5 (`/table/v1/driving`), asked once for all places."""

    url: str

    def matrix(self, places: Sequence[Place], departure: int) -> TravelMatrix:  # noqa: ARG002  OSRM knows no clock
        """
        Raises:
            ProviderFailed: it does not answer, or not with a number for each pair.
        """
        row = {place.key: number for number, place in enumerate(places)}
        where = tuple((place.longitude, place.latitude) for place in places)
        seconds, metres = _table(self.url, where) if len(where) > 1 else (((0.0,),) * len(where),) * 2
        shape = (len(row), len(row))
        return TravelMatrix(
            row, *(np.rint(np.array(each)).astype(np.int64).reshape(shape) for each in (metres, seconds))
        )


def travelled(state: State, osrm_url: str | None) -> Travelled:
    """Blocking."""
    if osrm_url is None:
        return built_in(state)
    try:
        return Travelled(OSRM, None, Situation.of(state, Osrm(osrm_url)).travel)
    except ProviderFailed as failure:
        return built_in(state, f"{OSRM} failed, so great-circle distances were used: {failure}")


@lru_cache(8)
def _table(url: str, where: tuple[tuple[float, float], ...]) -> Table:
    """Durations in seconds and distances in metres. What failed is not remembered."""
    places = ";".join(f"{longitude:.6f},{latitude:.6f}" for longitude, latitude in where)
    answer = _ask(f"{url.rstrip('/')}/table/v1/driving/{places}?annotations=duration,distance")
    found = []
    for name in ("durations", "distances"):
        rows = answer.get(name)
        if not isinstance(rows, list) or [len(each) for each in rows] != [len(where)] * len(where):
            raise ProviderFailed(f"its {name} are not {len(where)} rows of {len(where)}")
        if any(not isinstance(value, int | float) or value < 0 for each in rows for value in each):
            raise ProviderFailed(f"its {name} miss a pair of places")
        found.append(tuple(tuple(map(float, each)) for each in rows))
    return found[0], found[1]


def _exactly(url: str) -> httpcore.URL:
    """Given as one text, what follows a semicolon would be dropped on the way."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}"
    return httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=target)


def _ask(url: str) -> dict[str, Any]:
    try:
        patience = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)
        with httpcore.stream("GET", _exactly(url), extensions={"timeout": patience}) as response:
            status, body = response.status, b""
            for part in response.iter_stream():
                body += part
                if len(body) > LONGEST_ANSWER:
                    raise ProviderFailed(f"its answer is longer than {LONGEST_ANSWER} bytes")
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        raise ProviderFailed(str(error) or type(error).__name__) from error
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise ProviderFailed(f"it answered {status} without JSON") from None
    if status != 200 or answer.get("code") != "Ok":
        raise ProviderFailed(f"it answered {status} {answer.get('code')}: {answer.get('message', 'no message')}")
    return answer
