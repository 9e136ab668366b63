"""A few rounds of the race that `make torture-dispatch` runs five hundred times."""

from tests.dispatch.racing import race

ROUNDS = 8


async def test_two_dispatchers_never_send_a_truck_or_an_order_twice(database_url: str) -> None:
    outcomes = await race(database_url, ROUNDS)
    assert outcomes["committed"] <= ROUNDS
    assert outcomes["committed"] + outcomes["stale"] == 2 * ROUNDS
    assert outcomes["committed"] >= ROUNDS - outcomes["order changed"]
