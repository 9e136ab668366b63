"""The page of a list: what the API's list gives, and the addresses that ask for it otherwise."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.core.console.records.conftest import made
from tests.core.console.records.page import column, rows, words

Parcels = list[dict[str, Any]]
PATH = "/console/r/parcels"


async def test_a_list_shows_what_is_short_and_links_each_record_and_what_it_refers_to(
    clerk: httpx.AsyncClient, depot: dict[str, Any], parcels: Parcels
) -> None:
    answer = await clerk.get(PATH)
    head, *body = rows(answer)
    assert head == ["Label", "State", "Fragile", "Pieces", "Weight kg", "Price", "Ready at", "Created at"]
    assert [row[0] for row in body] == ["wire", "glass", "books"]
    assert body[0][1:7] == ["sent", "no", "1", "1,234.568", "19.90", "2026-11-20 09:30"]
    assert f'href="{PATH}/{parcels[0]["id"]}"' in answer.text
    chosen = await clerk.get(PATH, params={"fields": "label,depot_id"})
    assert column(chosen, "Depot") == ["–", "–", "MBA"]
    assert f'href="/console/r/depots/{depot["id"]}">MBA</a>' in chosen.text


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("state=lost", ["glass"]),
        ("pieces__gte=2", ["books"]),
        ("q=GLA", ["glass"]),
        ("order=label", ["books", "glass", "wire"]),
        ("order=-pieces,label&size=2", ["books", "glass"]),
        ("weight_kg__isnull=false", ["wire"]),
    ],
)
async def test_the_query_of_the_page_is_the_query_of_the_api(
    clerk: httpx.AsyncClient, parcels: Parcels, query: str, labels: list[str]
) -> None:
    assert column(await clerk.get(f"{PATH}?{query}"), "Label") == labels


async def test_a_filter_that_is_set_is_said_in_words_and_can_be_taken_away(
    clerk: httpx.AsyncClient, parcels: Parcels
) -> None:
    answer = await clerk.get(f"{PATH}?pieces__lt=3&ready_at__gte=2026-11-20T09:00:00Z&order=label")
    assert "Pieces is less than 3" in answer.text
    assert "Ready at is from 2026-11-20 09:00" in words(answer.text)
    assert 'href="?ready_at__gte=2026-11-20T09%3A00%3A00Z&amp;order=label"' in answer.text
    assert "GET /api/v1/parcels?pieces__lt=3&amp;ready_at__gte=2026-11-20T09%3A00%3A00Z&amp;order=label" in answer.text


async def test_the_form_that_adds_a_filter_leads_to_the_plain_query_in_the_viewers_zone(
    clerk: httpx.AsyncClient,
) -> None:
    clerk.cookies.set("opsroom_zone", "Africa%2FNairobi")
    added = await clerk.get(f"{PATH}?state=lost&filter=ready_at__gte&value=2026-11-20 12:00&cursor=x")
    assert added.status_code == 303
    query = parse_qs(urlsplit(added.headers["location"]).query)
    assert query == {"state": ["lost"], "ready_at__gte": ["2026-11-20T12:00:00+03:00"]}
    whole = await clerk.get(f"{PATH}?filter=state__ne%3Dlost&value=")
    assert whole.headers["location"] == f"{PATH}?state__ne=lost"


async def test_a_head_orders_the_list_and_turns_it_round(clerk: httpx.AsyncClient, parcels: Parcels) -> None:
    first = await clerk.get(f"{PATH}?state__ne=lost")
    assert 'href="?state__ne=lost&amp;order=label"' in first.text
    ordered = await clerk.get(f"{PATH}?state__ne=lost&order=label")
    assert 'aria-sort="ascending"><a href="?state__ne=lost&amp;order=-label"' in ordered.text


async def test_the_next_page_begins_where_this_one_ends(clerk: httpx.AsyncClient, manager: httpx.AsyncClient) -> None:
    for number in range(7):
        await made(manager, "parcels", label=f"p{number}")
    seen: list[str] = []
    path = f"{PATH}?order=label&size=3"
    while path:
        answer = await clerk.get(path)
        seen += column(answer, "Label")
        following = answer.text.partition('rel="next" href="')[2].partition('"')[0]
        path = f"{PATH}{following}".replace("&amp;", "&") if following else ""
    assert seen == [f"p{number}" for number in range(7)]
    assert 'href="/console/r/parcels?order=label&amp;size=3">First' in answer.text


async def test_chosen_columns_are_kept_and_can_be_given_back(clerk: httpx.AsyncClient, parcels: Parcels) -> None:
    sent = {"column": ["label", "weight_kg", "no such field"], "query": "state=sent"}
    kept = await clerk.post(f"{PATH}/columns", data=sent)
    assert kept.headers["location"] == f"{PATH}?state=sent"
    assert f"Path={PATH}" in kept.headers["set-cookie"]
    assert rows(await clerk.get(f"{PATH}?state=sent")) == [["Label", "Weight kg"], ["wire", "1,234.568"]]
    await clerk.post(f"{PATH}/columns", data={"column": ""})
    assert len(rows(await clerk.get(PATH))[0]) == 8


async def test_what_the_api_would_refuse_is_refused_in_the_page_and_the_filters_stay(
    clerk: httpx.AsyncClient, parcels: Parcels
) -> None:
    answer = await clerk.get(f"{PATH}?pieces__gte=many&state=lost")
    assert answer.status_code == 422
    assert "pieces__gte: Input should be a valid integer" in answer.text
    assert 'href="?state=lost"' in answer.text
    assert (await clerk.get(f"{PATH}?nothing=1")).status_code == 422


async def test_an_empty_list_says_whether_there_is_nothing_or_nothing_fits(
    lead: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    assert "No parcels yet" in (await clerk.get(PATH)).text
    assert f'href="{PATH}/new"' in (await lead.get(PATH)).text
    assert f'href="{PATH}/new"' not in (await clerk.get(PATH)).text
    assert "Nothing fits" in (await clerk.get(f"{PATH}?q=x")).text


async def test_rows_that_somebody_may_not_know_of_are_not_there(
    clerk: httpx.AsyncClient, lead: httpx.AsyncClient, manager: httpx.AsyncClient
) -> None:
    hidden = await made(manager, "depots", code="XXX", town="Nowhere", secret=True)
    await made(manager, "parcels", label="odd", depot_id=hidden["id"])
    assert "XXX" not in (await clerk.get("/console/r/depots")).text
    assert "XXX" not in (await clerk.get(f"{PATH}?fields=label,depot_id")).text
    assert "XXX" in (await lead.get(f"{PATH}?fields=label,depot_id")).text
    assert (await clerk.get(f"/console/r/depots/{hidden['id']}")).status_code == 404
    assert (await clerk.get(f"/console/r/depots/{hidden['id']}/parcels")).status_code == 404


async def test_a_nested_list_stands_under_its_parent(
    clerk: httpx.AsyncClient, depot: dict[str, Any], parcels: Parcels
) -> None:
    answer = await clerk.get("/console/r/depots/MBA/parcels")
    assert column(answer, "Label") == ["books"]
    assert f'href="/console/r/depots/{depot["id"]}/parcels/{parcels[0]["id"]}"' in answer.text
    assert 'href="/console/r/depots">Depots</a>' in answer.text


async def test_a_stranger_is_sent_to_the_sign_in_and_who_lacks_the_permission_is_told_so(
    stranger: httpx.AsyncClient, clerk: httpx.AsyncClient
) -> None:
    assert (await stranger.get(PATH)).status_code == 303
    assert (await clerk.get("/console/r/users")).status_code == 403
