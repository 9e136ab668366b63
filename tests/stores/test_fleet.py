"""Many stores in one window, worked by hand; the sums of the fleet are those of its stores."""

from typing import Any

import httpx
import pytest

HOUR = 3_600_000_000
MARCH = {"period": "day", "of": "2026-03-02", "zone": "UTC"}


def polls(store: str, *, down: range, day: str = "2026-03-02", hours: range = range(24)) -> list[dict[str, str]]:
    return [
        {
            "store_id": store,
            "timestamp_utc": f"{day}T{hour:02}:00:00Z",
            "status": "inactive" if hour in down else "active",
        }
        for hour in hours
    ]


@pytest.fixture
async def fleet(manager: httpx.AsyncClient) -> None:
    """A was down for 4 hours, B for 2 and at the end, C was never polled, D polled once the day before, both ways."""
    for name, group, brand in (("A", "north", "x"), ("B", "north", "y"), ("C", "south", "x"), ("D", None, "x")):
        store = {"external_id": name, "zone": "UTC", "group": group, "tags": {"brand": brand}}
        assert (await manager.post("/api/v1/stores", json=store)).status_code == 201
    seen = [*polls("A", down=range(9, 13)), *polls("B", down=range(22, 24))]
    seen += [*polls("D", down=range(9, 10), day="2026-03-01", hours=range(9, 10))]
    seen += [*polls("D", down=range(0), day="2026-03-01", hours=range(9, 10))]
    assert (await manager.post("/api/v1/stores/observations", json=seen)).status_code == 200


async def asked(client: httpx.AsyncClient, what: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/stores/{what}", params=MARCH | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("fleet")
async def test_the_summary_adds_up_what_each_store_has(user: httpx.AsyncClient) -> None:
    summary = await asked(user, "summary", by="day")
    totals = summary["totals"]
    assert (totals["open_us"], totals["up_us"], totals["down_us"], totals["unknown_us"]) == (
        96 * HOUR,
        42 * HOUR,
        6 * HOUR,
        48 * HOUR,
    )
    assert (totals["availability"], totals["coverage"]) == (42 / 48, 0.5)
    assert (totals["incidents"], totals["ongoing"]) == (2, 1)
    assert (totals["mttr_us"], totals["mtbf_us"]) == (4 * HOUR, 21 * HOUR)
    assert [store["store_id"] for store in summary["worst"]] == ["A", "B"]
    (day,) = summary["days"]
    assert (day["day"], day["up_us"], day["availability"]) == ("2026-03-02", 42 * HOUR, 42 / 48)


@pytest.mark.usefixtures("fleet")
async def test_the_summary_says_what_the_data_lack(user: httpx.AsyncClient) -> None:
    quality = (await asked(user, "summary"))["quality"]
    assert quality == {
        "stores": 4,
        "never_observed": 1,
        "silent": 1,
        "without_hours": 4,
        "without_zone": 0,
        "in_unknown_zone": 0,
        "unknown_zones": [],
        "polls": 48,
        "contradictions": 0,
        "latest_poll": "2026-03-02T23:00:00Z",
    }
    day_before = await asked(user, "summary", of="2026-03-01")
    assert day_before["quality"]["contradictions"] == 1


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("query", "stores"),
    [
        ({}, ["A", "B", "C", "D"]),
        ({"group": "north"}, ["A", "B"]),
        ({"tag": "brand:x"}, ["A", "C", "D"]),
        ({"tag": ["brand:x"], "group": "north"}, ["A"]),
        ({"store": "B"}, ["B"]),
    ],
)
async def test_a_selection_is_accounted_for_like_the_whole(
    user: httpx.AsyncClient, query: dict[str, Any], stores: list[str]
) -> None:
    whole = {store["store_id"]: store for store in (await asked(user, "availability"))["stores"]}
    part = await asked(user, "availability", **query)
    assert part["stores"] == [whole[name] for name in stores]
    assert part["totals"]["up_us"] == sum(whole[name]["up_us"] for name in stores)


@pytest.mark.usefixtures("fleet")
async def test_incidents_of_all_stores_come_newest_first(user: httpx.AsyncClient) -> None:
    found = (await asked(user, "incidents"))["incidents"]
    assert [(row["store_id"], row["start"][11:13], row["end"], row["ongoing"]) for row in found] == [
        ("B", "22", None, True),
        ("A", "09", "2026-03-02T13:00:00Z", False),
    ]
    assert [row["store_id"] for row in (await asked(user, "incidents", ongoing=True))["incidents"]] == ["B"]
    assert len((await asked(user, "incidents", limit=1))["incidents"]) == 1


@pytest.mark.usefixtures("fleet")
async def test_all_stores_and_one_store_have_the_same_account(user: httpx.AsyncClient) -> None:
    span = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z"}
    for row in (await asked(user, "availability"))["stores"]:
        one = (await user.get(f"/api/v1/stores/{row['store_id']}/uptime", params=span)).json()
        assert {name: one[name] for name in row.keys() & one.keys()} == {
            name: row[name] for name in row.keys() & one.keys()
        }


@pytest.mark.usefixtures("fleet")
async def test_who_is_not_there_cannot_be_asked_for(user: httpx.AsyncClient) -> None:
    for query in ({"store": "Z"}, {"group": "west"}, {"tag": "brand:z"}):
        assert (await user.get("/api/v1/stores/summary", params=MARCH | query)).status_code == 404
    assert (await user.get("/api/v1/stores/summary", params=MARCH | {"tag": "brand"})).status_code == 422
    assert (await user.get("/api/v1/stores/summary", params={"window": "last_year"})).status_code == 422


async def test_without_any_store_there_is_nothing_to_count_back_from(user: httpx.AsyncClient) -> None:
    assert (await user.get("/api/v1/stores/summary")).status_code == 404
    empty = await asked(user, "summary", by="day")
    assert (empty["totals"]["stores"], empty["totals"]["availability"], empty["worst"]) == (0, None, [])
