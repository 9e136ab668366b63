"""`opsroom dispatch decide`, `replay`, `simulate`, `tune`: by the real command, on both databases."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
from tests.dispatch.conftest import API, MORNING, Give, order_of
from tests.migrating import run_opsroom

Execute = Callable[[str], Awaitable[None]]
Opsroom = Callable[..., CompletedProcess[str]]


@pytest.fixture
def opsroom(database_url: str, tmp_path: object) -> Opsroom:
    return lambda *words: run_opsroom(database_url, "dispatch", *words, OPSROOM_DATA_DIR=f"{tmp_path}/data")


async def test_a_decision_on_the_command_line_is_stored_committed_and_replayed(
    opsroom: Opsroom, manager: httpx.AsyncClient, order: Give, trucks: None, execute: Execute
) -> None:
    await order("O-1")
    at = ("--at", MORNING.isoformat(), "--iterations", "20")
    made = opsroom("decide", "--policy", "greedy", *at, "--commit", "--json")
    assert made.returncode == 0, made.stderr
    decision = json.loads(made.stdout)
    assert (decision["status"], decision["orders_routed"]) == ("committed", ["O-1"])
    assert (await manager.get(f"{API}/orders/O-1")).json()["status"] == "assigned"
    same = opsroom("replay", decision["decision_id"])
    assert (same.returncode, same.stdout) == (0, "identical\n")
    await execute("UPDATE decisions SET policy = 'lazy'")
    other = opsroom("replay", decision["decision_id"])
    assert other.returncode == 1
    assert "routes: KDA-5 is missing now" in other.stdout


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_the_command_line_cannot_do_is_said_in_a_sentence(opsroom: Opsroom, order: Give) -> None:
    assert "not one of best, cfa" in opsroom("decide", "--policy", "magic").stderr
    assert "write it like 2026-11-20T06:00:00+03:00" in opsroom("decide", "--at", "soon").stderr
    missing = opsroom("replay", "D-9")
    assert (missing.returncode, missing.stderr) == (2, "opsroom: There is no decision D-9.\n")
    few = opsroom("simulate")
    assert few.returncode == 2
    assert "at least ten in the last four weeks" in few.stderr


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_policies_are_compared_and_tuned_on_days_like_those_seen(
    opsroom: Opsroom, manager: httpx.AsyncClient, customers: None, trucks: None
) -> None:
    for number in range(10):
        body = order_of(f"O-{number}", ["Nakuru", "Eldoret"][number % 2], customer_id="C-XYZ")
        assert (await manager.post(f"{API}/orders", json=body)).status_code == 201
    at = ("--at", MORNING.isoformat(), "--decisions", "3", "--iterations", "10")
    card = json.loads(opsroom("simulate", "--policies", "greedy,lazy", "--days", "2", *at, "--json").stdout)
    assert [each["policy"] for each in card["policies"]] == ["greedy", "lazy"]
    # The same days for both: as many orders, whatever became of them.
    counts = [each["orders"] + each["lost"] for each in card["policies"]]
    assert counts[0] == counts[1] > 0
    again = json.loads(opsroom("simulate", "--policies", "greedy,lazy", "--days", "2", *at, "--json").stdout)
    assert again == card
    tuned = json.loads(opsroom("tune", "--policy", "pfa", "--first", "1", "--held-out", "2", *at, "--json").stdout)
    assert len(tuned["ranked"]) == 8
    assert tuned["ranked"][0]["days"] >= tuned["ranked"][-1]["days"]
    (kept,) = (await manager.get(f"{API}/learned-policies")).json()["items"]
    assert tuned["learned"] == {"number": 1, "status": kept["status"], "why": kept["reason"]}


ORDERS_FILE = """order_id,customer_id,pickup_location,destination_city,weight_tonnes,volume_m3,price_kes,time_window
O-1,C-ABC,"{""lat"": -1.2921, ""lon"": 36.8219}",Nakuru,2,8,25000.00,"{""end_time"": ""2126-01-01T00:00:00Z""}"
O-2,C-ABC,"{""lat"": -1.2921, ""lon"": 36.8219}",Atlantis,2,8,25000.00,
O-3,C-ABC,"{""lat"": -1.2921, ""lon"": 36.8219}",Kisumu,-2,8,25000.00,
"""


async def test_a_file_of_orders_is_imported_whole_or_without_its_bad_rows(
    opsroom: Opsroom, manager: httpx.AsyncClient, customers: None, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS_FILE)
    refused = opsroom("import", str(path))
    assert refused.returncode == 1, refused.stderr
    assert "row 4, weight_tonnes" in refused.stdout
    assert "nothing was written" in refused.stdout
    assert (await manager.get(f"{API}/orders")).json()["total"] == 0
    taken = opsroom("import", str(path), "--skip-bad", "--json")
    assert taken.returncode == 0, taken.stderr
    report = json.loads(taken.stdout)
    assert (report["created"], report["refused"]) == (1, 2)
    assert any(each["row"] == 3 and "Atlantis is not a city served" in each["message"] for each in report["errors"])
    made = (await manager.get(f"{API}/orders/O-1")).json()
    assert (made["destination_city"], made["time_window"]["end_time"]) == ("Nakuru", "2126-01-01T00:00:00Z")
    path.write_text(ORDERS_FILE.replace(",2,8,25000.00,", ",3,8,25000.00,"))
    again = opsroom("import", str(path), "--skip-bad", "--replace", "--json")
    assert json.loads(again.stdout)["replaced"] == 1, again.stdout
    changed = (await manager.get(f"{API}/orders/O-1")).json()
    assert (changed["weight_tonnes"], changed["received_at"]) == (3.0, made["received_at"])
    assert opsroom("import", str(path), "--records", "ships").returncode == 2
