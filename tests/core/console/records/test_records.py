"""The page of one record, its forms, its history; with the words of the API's own refusals."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.core.console.conftest import Browser
from tests.core.console.records.conftest import made
from tests.core.console.records.page import Form, words

from opsroom.core.audit.queries import Wanted, latest_entries
from opsroom.core.auth.models import Role

Parcels = list[dict[str, Any]]
PATH = "/console/r/parcels"


@pytest.fixture
async def store(manager: httpx.AsyncClient) -> dict[str, Any]:
    return await made(manager, "stores", external_id="S-1", name="North", group="a")


async def save(client: httpx.AsyncClient, form: Form, **typed: str) -> httpx.Response:
    """What a browser sends when the form is changed so and sent."""
    return await client.post(form.path, data=form.values | typed)


async def test_a_record_shows_its_facts_what_it_refers_to_and_what_hangs_below(
    clerk: httpx.AsyncClient, depot: dict[str, Any], parcels: Parcels
) -> None:
    answer = await clerk.get(f"{PATH}/{parcels[0]['id']}")
    assert f'<a href="/console/r/depots/{depot["id"]}">MBA</a>' in answer.text
    assert "/edit" not in answer.text
    above = await clerk.get("/console/r/depots/MBA")
    assert "<h1>MBA</h1>" in above.text
    assert "books" in above.text
    assert f'href="{PATH}?depot_id={depot["id"]}"' in above.text


async def test_a_record_is_made_by_a_form_and_its_values_are_typed(
    lead: httpx.AsyncClient, depot: dict[str, Any]
) -> None:
    lead.cookies.set("opsroom_zone", "Africa%2FNairobi")
    form = Form(await lead.get(f"{PATH}/new?depot_id={depot['id']}"))
    assert form.values["depot_id"] == depot["id"]
    done = await save(
        lead, form, label="glass", state="lost", fragile="true", weight_kg="1.5", price="19.90",
        ready_at="2026-11-20T12:30", due_on="2026-11-24", slot="10:00", tags='["red"]',
    )  # fmt: skip
    assert done.status_code == 303, words(done.text)
    record = (await lead.get(f"/api/v1{done.headers['location'].removeprefix('/console/r')}")).json()
    shown = {name: record[name] for name in ("label", "state", "fragile", "weight_kg", "price", "ready_at", "tags")}
    assert shown == {
        "label": "glass", "state": "lost", "fragile": True, "weight_kg": 1.5, "price": "19.90",
        "ready_at": "2026-11-20T09:30:00Z", "tags": ["red"],
    }  # fmt: skip
    assert (record["due_on"], record["slot"], record["depot_id"]) == ("2026-11-24", "10:00:00", depot["id"])


async def test_refusals_stand_beside_their_fields_and_what_was_typed_stays(
    lead: httpx.AsyncClient, depot: dict[str, Any]
) -> None:
    form = Form(await lead.get("/console/r/depots/new"))
    taken = await save(lead, form, code="MBA", town="Malindi")
    assert taken.status_code == 422
    assert "There is another depot with this code." in taken.text.partition('id="code-error">')[2]
    assert 'value="Malindi"' in taken.text
    wrong = await save(lead, Form(await lead.get(f"{PATH}/new")), label="x", pieces="many", tags="{x")
    assert "Input should be a valid integer" in wrong.text.partition('id="pieces-error">')[2]
    assert wrong.status_code == 422


async def test_creating_again_leads_to_an_empty_form(lead: httpx.AsyncClient) -> None:
    done = await save(lead, Form(await lead.get("/console/r/depots/new")), code="A", town="Athi", _again="1")
    assert done.headers["location"] == "/console/r/depots/new"


async def test_a_nested_record_is_made_below_its_parent(lead: httpx.AsyncClient, depot: dict[str, Any]) -> None:
    form = Form(await lead.get("/console/r/depots/MBA/parcels/new"))
    done = await save(lead, form, label="books")
    assert done.headers["location"].startswith(f"/console/r/depots/{depot['id']}/parcels/")
    assert (await lead.get(done.headers["location"])).status_code == 200


async def test_an_edit_changes_only_what_was_changed_in_the_form(lead: httpx.AsyncClient, parcels: Parcels) -> None:
    path = f"{PATH}/{parcels[2]['id']}"
    form = Form(await lead.get(f"{path}/edit"))
    untouched = await save(lead, form)
    assert untouched.status_code == 303, words(untouched.text)
    api = path.replace("/console/r", "/api/v1")
    assert (await lead.get(api)).json() == parcels[2]
    await save(lead, form, weight_kg="", state="lost")
    expected = parcels[2] | {"weight_kg": None, "state": "lost", "version": 2}
    found = (await lead.get(api)).json()
    assert found == expected | {"updated_at": found["updated_at"]}


async def test_an_emptied_field_that_may_not_be_empty_is_refused(lead: httpx.AsyncClient, parcels: Parcels) -> None:
    form = Form(await lead.get(f"{PATH}/{parcels[0]['id']}/edit"))
    refused = await save(lead, form, pieces="")
    assert refused.status_code == 422
    assert "Input should be a valid integer" in refused.text.partition('id="pieces-error">')[2]


async def test_a_lost_update_is_shown_with_what_changed_and_keeps_only_ones_own_changes(
    lead: httpx.AsyncClient, manager: httpx.AsyncClient, store: dict[str, Any]
) -> None:
    path, api = f"/console/r/stores/{store['id']}", f"/api/v1/stores/{store['id']}"
    form = Form(await lead.get(f"{path}/edit"))
    change = {"name": "South", "zone": "Africa/Nairobi"}
    await manager.patch(api, json=change, headers={"X-Reason": "they moved"})
    conflict = await save(lead, form, name="West", group="b")
    assert conflict.status_code == 412
    said = words(conflict.text)
    assert "a_program changed" in said
    assert "they moved" in said
    assert "North became → South" in said
    assert "Somebody else made this: South" in conflict.text.partition('id="name-error">')[2]
    again = Form(conflict)
    assert {name: again.values[name] for name in ("name", "group", "zone")} == {
        "name": "West", "group": "b", "zone": "Africa/Nairobi",
    }  # fmt: skip
    assert (await lead.get(api)).json()["name"] == "South"
    assert (await save(lead, again)).status_code == 303
    final = (await lead.get(api)).json()
    assert (final["name"], final["group"], final["zone"], final["version"]) == ("West", "b", "Africa/Nairobi", 3)


async def test_history_tells_who_what_before_after_and_why(lead: httpx.AsyncClient, store: dict[str, Any]) -> None:
    path = f"/console/r/stores/{store['id']}"
    await save(lead, Form(await lead.get(f"{path}/edit")), name="South", _why="they moved")
    answer = await lead.get(f"{path}/history")
    changed, created = answer.text.split('<li class="happening">')[1:]
    assert "the_manager changed" in words(changed)
    assert "they moved" in words(changed)
    assert "Name North became → South" in words(changed)
    assert "a_program created" in words(created)
    assert "External ID S-1" in words(created)
    assert "/console/audit/" not in answer.text  # for those who may read the trail


async def test_a_record_goes_only_with_a_reason(lead: httpx.AsyncClient, parcels: Parcels) -> None:
    path = f"{PATH}/{parcels[1]['id']}"
    form = Form(await lead.get(f"{path}/delete"))
    refused = await save(lead, form, _why=" ")
    assert refused.status_code == 422
    assert (await lead.get(path)).status_code == 200
    done = await save(lead, form, _why="lost for good")
    assert done.headers["location"] == PATH
    assert (await lead.get(path)).status_code == 404


async def test_what_others_refer_to_stays_and_the_page_says_what_refers(
    lead: httpx.AsyncClient, depot: dict[str, Any], parcels: Parcels
) -> None:
    form = Form(await lead.get("/console/r/depots/MBA/delete"))
    refused = await save(lead, form, _why="closed")
    assert refused.status_code == 409
    assert "still referred to by parcels" in refused.text


async def test_a_refused_form_leaves_nothing_in_the_trail(app: FastAPI, browser: Browser) -> None:
    """What the preparation of a user records goes back with the refusal that follows it."""
    admin = await browser(Role.ADMIN)
    typed = {"username": "the_admin", "password": "long enough for anybody", "role": "manager"}
    refused = await save(admin, Form(await admin.get("/console/r/users/new")), **typed)
    assert "There is another user with this username." in refused.text
    async with app.state.database.reading() as connection:
        granted = await latest_entries(connection, Wanted(event="auth.role.granted"), 5)
    assert granted == []


async def test_what_was_selected_goes_together_or_not_at_all(
    lead: httpx.AsyncClient, depot: dict[str, Any], manager: httpx.AsyncClient
) -> None:
    other = await made(manager, "depots", code="NBO", town="Nairobi")
    await made(manager, "parcels", label="books", depot_id=depot["id"])
    path, both = "/console/r/depots/delete-selected", {"id": [depot["id"], other["id"], "x"]}
    asked = await lead.post(path, data=both)
    assert "Delete 2 depots?" in asked.text
    refused = await lead.post(path, data=both | {"_why": "closed"})
    assert "Nothing was deleted, because of MBA" in refused.text
    done = await lead.post(path, data={"id": other["id"], "_why": "closed"})
    assert done.headers["location"] == "/console/r/depots"
    assert (await lead.get("/api/v1/depots")).json()["total"] == 1
    assert (await lead.post(path, data={})).status_code == 303
