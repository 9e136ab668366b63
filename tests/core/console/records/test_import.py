"""Files in and out by the pages: tried, imported, refused with the rows named; what is shown, exported."""

from typing import Any

import httpx
import pytest
from tests.core.console.records.page import column, words

PATH = "/console/r/depots"
GOOD = b"code,town\nNBO,Nairobi\nKSM,Kisumu\n"
BAD = b"code,town,secret\nNBO,Nairobi,\nMBA,Mombasa,\nXXX,Nowhere,perhaps\n"


async def send(
    client: httpx.AsyncClient, content: bytes = GOOD, name: str = "depots.csv", **options: str
) -> httpx.Response:
    return await client.post(f"{PATH}/import", files={"file": (name, content)}, data=options)


async def codes(client: httpx.AsyncClient) -> set[str]:
    return {each["code"] for each in (await client.get("/api/v1/depots")).json()["items"]}


async def test_a_trial_tells_what_would_come_of_it_and_writes_nothing(lead: httpx.AsyncClient) -> None:
    form = await lead.get(f"{PATH}/import")
    assert "code,town,secret" in form.text
    tried = await send(lead, dry_run="true")
    assert tried.status_code == 200
    assert "only tried" in tried.text
    assert "New 2" in words(tried.text)
    assert await codes(lead) == set()


async def test_an_import_is_all_or_nothing_unless_bad_rows_are_skipped(
    lead: httpx.AsyncClient, depot: dict[str, Any]
) -> None:
    refused = await send(lead, BAD)
    assert refused.status_code == 422
    assert "Nothing was imported" in words(refused.text)
    assert "4 secret" in words(refused.text)
    assert await codes(lead) == {"MBA"}
    skipped = await send(lead, BAD, bad_rows="skip")
    assert skipped.status_code == 200
    assert "3 code There is another depot with this code." in words(skipped.text)
    assert await codes(lead) == {"MBA", "NBO"}


async def test_what_has_the_same_key_may_be_replaced(lead: httpx.AsyncClient, depot: dict[str, Any]) -> None:
    done = await send(lead, b"code,town\nMBA,Malindi\n", replace="true")
    assert "Replaced 1" in words(done.text)
    assert (await lead.get("/api/v1/depots/MBA")).json()["town"] == "Malindi"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("", b"", "Choose a file."),
        ("depots.pdf", b"x", "must end in"),
        ("depots.xlsx", b"no workbook", ""),
        ("depots.csv", b"nothing,like,this\n1,2,3\n", ""),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_in_the_page(
    lead: httpx.AsyncClient, name: str, content: bytes, said: str
) -> None:
    answer = await send(lead, content, name)
    assert 400 <= answer.status_code < 500
    assert "The file was not read" in answer.text or "Nothing was imported" in answer.text
    assert said in answer.text


async def test_who_may_not_write_is_not_offered_an_import_but_may_export(
    clerk: httpx.AsyncClient, depot: dict[str, Any]
) -> None:
    shown = await clerk.get(f"{PATH}?q=mba&order=town&size=10&fields=code")
    assert "/import" not in shown.text.partition("<main")[2]
    assert (await clerk.get(f"{PATH}/import")).status_code == 403
    link = shown.text.partition('href="/api/v1/depots/export?')[2].partition('"')[0].replace("&amp;", "&")
    assert link == "q=mba&order=town&fields=code&as=csv"
    exported = await clerk.get(f"/api/v1/depots/export?{link}")
    assert exported.text.split() == ["code", "MBA"]
    assert column(shown, "Code") == ["MBA"]
