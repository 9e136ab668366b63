"""Travel times by OSRM, spoken with over HTTP; when it fails the built-in ones are used, and the decision says so."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from tests.dispatch.conftest import API, Decide, Give

from opsroom.dispatch.planning.problem import Order, Place, State, Vehicle
from opsroom.dispatch.travelling import travelled
from opsroom.settings import Settings

Answer = Callable[[list[tuple[float, float]]], tuple[int, Any]]


class FakeOsrm(ThreadingHTTPServer):
    """OSRM's table service: 100 s and 1 km for each place that lies between two in the list."""

    answer: Answer
    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def steps(places: list[tuple[float, float]]) -> tuple[int, Any]:
    number = range(len(places))
    durations = [[100.4 * abs(a - b) for b in number] for a in number]
    distances = [[1000.0 * abs(a - b) for b in number] for a in number]
    return 200, {"code": "Ok", "durations": durations, "distances": distances}


class Handler(BaseHTTPRequestHandler):
    server: FakeOsrm

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path, _, query = self.path.partition("?")
        assert path.startswith("/table/v1/driving/")
        assert query == "annotations=duration,distance"
        places = [tuple(map(float, part.split(","))) for part in path.rpartition("/")[2].split(";")]
        status, body = self.server.answer(places)  # type: ignore[arg-type]  # pairs of coordinates
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def osrm() -> Iterator[FakeOsrm]:
    server = FakeOsrm(("127.0.0.1", 0), Handler)
    server.answer, server.asked = steps, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


NAIROBI, NAKURU = Place("a", -1.2921, 36.8219, "Nairobi"), Place("b", -0.3031, 36.08, "Nakuru")
STATE = State(
    instant=0,
    orders=(Order("O-1", NAIROBI, NAKURU, 1000),),
    vehicles=(Vehicle("V-1", "5t", NAIROBI, NAIROBI, 5000),),
)


def test_the_table_service_is_asked_once_and_its_answer_is_kept(osrm: FakeOsrm) -> None:
    found = [travelled(STATE, osrm.url) for _ in range(2)]
    assert len(osrm.asked) == 1
    assert osrm.asked[0].startswith("/table/v1/driving/36.821900,-1.292100;36.080000,-0.303100?")
    for each in found:
        assert (each.provider, each.note) == ("osrm", None)
        assert (each.matrix.drive(NAIROBI, NAKURU), each.matrix.distance(NAKURU, NAIROBI)) == (100, 1000)
        assert each.to_json()["matrix"] == {
            "places": ["a", "b"], "metres": [0, 1000, 1000, 0], "seconds": [0, 100, 100, 0],
        }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {"code": "InvalidUrl", "message": "out of memory"}), "it answered 500 InvalidUrl: out of memory"),
        ((200, b"<html>"), "it answered 200 without JSON"),
        ((200, {"code": "NoTable"}), "it answered 200 NoTable: no message"),
        ((200, {"code": "Ok", "durations": [[0]], "distances": [[0]]}), "are not 2 rows of 2"),
        ((200, {"code": "Ok", "durations": [[0, None], [5, 0]], "distances": [[0, 1], [1, 0]]}), "miss a pair"),
    ],
    ids=["error", "no JSON", "refused", "too small", "no way"],
)
def test_a_provider_that_fails_is_replaced_and_named(osrm: FakeOsrm, answer: tuple[int, Any], said: str) -> None:
    osrm.answer = lambda _places: answer
    found = travelled(STATE, osrm.url)
    assert found.provider == "great_circle"
    assert found.note is not None
    assert said in found.note
    assert found.matrix.distance(NAIROBI, NAKURU) > 100_000


def test_a_provider_that_is_not_there_is_replaced_and_named(osrm: FakeOsrm) -> None:
    url = osrm.url.replace("127.0.0.1", "localhost.invalid")
    note = travelled(STATE, url).note
    assert note is not None
    assert note.startswith("osrm failed, so great-circle distances were used")


@pytest.fixture
def settings(settings: Settings, osrm: FakeOsrm) -> Settings:
    return settings.model_copy(update={"osrm_url": osrm.url})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_decision_by_osrm_is_replayed_without_it(
    manager: httpx.AsyncClient, order: Give, trucks: None, decide: Decide, osrm: FakeOsrm
) -> None:
    await order("O-1")
    good = await decide("greedy")
    assert good["routes_proposed"][0]["metres"] == 2000
    asked = len(osrm.asked)
    osrm.answer = lambda _places: (503, {"code": "Busy"})
    again = (await manager.get(f"{API}/decisions/{good['decision_id']}/replay")).json()
    assert again["identical"] is True
    assert len(osrm.asked) == asked
    await order("O-2", "Kisumu")
    bad = await decide("greedy")
    why = (await manager.get(f"{API}/decisions/{bad['decision_id']}/explanation")).json()
    assert "osrm failed" in why["travel"]["note"]
