"""Each clause of 21 CFR 11.50 to 11.300 that software can keep, by the API."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from tests.quality.conftest import PASSWORD, Person
from uuid_utils.compat import uuid7

from opsroom.core.actor import Actor
from opsroom.core.auth.lockout import Lockout
from opsroom.core.auth.models import Role
from opsroom.core.clock import now
from opsroom.core.errors import Forbidden
from opsroom.quality.signing.identity import BREAK, Credentials, confirm
from opsroom.quality.signing.models import Signature

Q = "/api/v1/quality"
BOTH = {"username": "quinn", "password": PASSWORD}
MOST_FAILURES, LOCKED_FOR = Lockout().attempts, Lockout().wait
Problem = Callable[[httpx.Response, int], dict[str, Any]]


@pytest.fixture
async def quinn(person: Person) -> httpx.AsyncClient:
    return await person("quinn", Role.MANAGER)


@pytest.fixture
async def lot(quinn: httpx.AsyncClient) -> str:
    await quinn.post(f"{Q}/parts", json={"part_number": "P", "name": "Part", "type": "component"})
    made = await quinn.post(f"{Q}/lots", json={"lot_number": "L-1", "part_id": "P", "quantity": 10})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def asked(lot: str, meaning: str = "review", **given: str) -> dict[str, str]:
    return {"record_table": "lots", "record_id": lot, "meaning": meaning, **given}


async def signed(client: httpx.AsyncClient, lot: str, **given: str) -> dict[str, Any]:
    answer = await client.post(f"{Q}/signatures", json=asked(lot, **(given or BOTH)))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_signature_has_printed_name_time_and_meaning(quinn: httpx.AsyncClient, lot: str) -> None:
    before = now()
    signature = await signed(quinn, lot)
    assert (signature["printed_name"], signature["meaning"]) == ("quinn", "review")
    assert before.isoformat() <= signature["signed_at"].replace("Z", "+00:00") <= now().isoformat()
    assert len(signature["record_sha256"]) == 64


async def test_the_first_signing_takes_both_components_and_each_later_one_the_password(
    quinn: httpx.AsyncClient, person: Person, lot: str, problem_of: Problem
) -> None:
    bare = problem_of(await quinn.post(f"{Q}/signatures", json=asked(lot, password=PASSWORD)), 401)
    assert bare["code"] == "both_components_needed"
    await signed(quinn, lot)
    await signed(quinn, lot, password=PASSWORD)
    problem_of(await quinn.post(f"{Q}/signatures", json=asked(lot)), 422)
    another_sign_in = await person("quinn", Role.MANAGER)
    answer = await another_sign_in.post(f"{Q}/signatures", json=asked(lot, password=PASSWORD))
    assert problem_of(answer, 401)["code"] == "both_components_needed"


async def test_after_a_break_all_components_are_needed_again(
    quinn: httpx.AsyncClient, app: FastAPI, lot: str, problem_of: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed(quinn, lot)
    await signed(quinn, lot, password=PASSWORD)
    later = now() + BREAK + timedelta(seconds=1)
    monkeypatch.setattr("opsroom.quality.signing.identity.now", lambda: later)
    answer = await quinn.post(f"{Q}/signatures", json=asked(lot, password=PASSWORD))
    assert problem_of(answer, 401)["code"] == "both_components_needed"
    await signed(quinn, lot)


async def test_wrong_components_sign_nothing_are_on_record_and_lock_after_a_few(
    quinn: httpx.AsyncClient, app: FastAPI, lot: str, problem_of: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    for attempt in range(1, MOST_FAILURES + 1):
        wrong = {"username": "quinn", "password": f"guess {attempt}"}
        answer = await quinn.post(f"{Q}/signatures", json=asked(lot, **wrong))
        assert answer.status_code == (401 if attempt < MOST_FAILURES else 423), answer.text
    locked = problem_of(await quinn.post(f"{Q}/signatures", json=asked(lot, **BOTH)), 423)
    assert locked["code"] == "account_locked"
    async with app.state.database.reading() as connection:
        query = text(
            "SELECT event FROM audit_entries WHERE event LIKE 'quality.signature.%' OR event LIKE 'auth.account.%' "
            "ORDER BY id"
        )
        events = (await connection.execute(query)).scalars().all()
        count = await connection.scalar(text("SELECT count(*) FROM signatures"))
    refused = "quality.signature.refused"
    assert events == [refused] * MOST_FAILURES + ["auth.account.locked", refused]
    assert count == 0
    later = now() + LOCKED_FOR + timedelta(seconds=1)
    monkeypatch.setattr("opsroom.core.auth.doorkeeper.now", lambda: later)
    await signed(quinn, lot)


async def test_wrong_signatures_and_wrong_sign_ins_count_together(
    quinn: httpx.AsyncClient, admin: httpx.AsyncClient, nobody: httpx.AsyncClient, lot: str, problem_of: Problem
) -> None:
    for _ in range(MOST_FAILURES - 1):
        await quinn.post(f"{Q}/signatures", json=asked(lot, username="quinn", password="no"))
    form = {"username": "quinn", "password": "wrong"}
    assert (await nobody.post("/api/v1/auth/token", data=form)).status_code == 401
    problem_of(await quinn.post(f"{Q}/signatures", json=asked(lot, **BOTH)), 423)
    assert (await nobody.post("/api/v1/auth/token", data=BOTH)).status_code == 401
    assert (await admin.post("/api/v1/users/quinn/unlock")).status_code == 204
    await signed(quinn, lot)


async def test_a_key_signs_nothing_whatever_it_may(
    quinn: httpx.AsyncClient, nobody: httpx.AsyncClient, lot: str, problem_of: Problem
) -> None:
    scopes = ["quality.signatures.read", "quality.signatures.write", "quality.lots.release", "quality.lots.write"]
    key = (await quinn.post("/api/v1/api-keys", json={"name": "x", "scopes": scopes})).json()["secret"]
    headers = {"Authorization": f"Bearer {key}"}
    for path, body in (
        ("signatures", asked(lot, **BOTH)),
        ("lots/L-1/release", BOTH),
        ("lots/L-1/hold", {"reason": "x", **BOTH}),
    ):
        refused = problem_of(await nobody.post(f"{Q}/{path}", json=body, headers=headers), 403)
        assert refused["code"] == "signing_needs_a_person"
    signatures = await nobody.get(f"{Q}/signatures", headers=headers)
    assert signatures.json()["total"] == 0


async def test_a_release_may_be_granted_to_a_person(
    person: Person, quinn: httpx.AsyncClient, admin: httpx.AsyncClient, lot: str
) -> None:
    inez = await person("inez", Role.USER)
    given = {"username": "inez", "password": PASSWORD}
    assert (await inez.post(f"{Q}/lots/L-1/release", json=given)).status_code == 403
    body = {"permission": "quality.lots.release"}
    assert (await admin.post("/api/v1/users/inez/grants", json=body)).status_code == 204
    assert (await inez.post(f"{Q}/lots/L-1/release", json=given)).status_code == 409


async def test_a_lock_tells_the_security_unit(
    quinn: httpx.AsyncClient, admin: httpx.AsyncClient, app: FastAPI, lot: str
) -> None:
    endpoint = {"url": "https://hooks.example.com/x", "events": ["auth.account.*"]}
    assert (await admin.post("/api/v1/webhooks/endpoints", json=endpoint)).status_code == 201
    for _ in range(MOST_FAILURES):
        await quinn.post(f"{Q}/signatures", json=asked(lot, username="quinn", password="no"))
    deliveries = (await admin.get("/api/v1/webhooks/deliveries")).json()["items"]
    assert [each["event_type"] for each in deliveries] == ["auth.account.locked"]


async def test_nobody_signs_in_the_name_of_another(
    quinn: httpx.AsyncClient, person: Person, lot: str, problem_of: Problem
) -> None:
    await person("otieno", Role.MANAGER)
    answer = await quinn.post(f"{Q}/signatures", json=asked(lot, username="otieno", password=PASSWORD))
    assert problem_of(answer, 401)["code"] == "wrong_credentials"


async def test_before_the_first_signature_its_meaning_is_accepted_once(
    person: Person, quinn: httpx.AsyncClient, lot: str, problem_of: Problem
) -> None:
    new = await person("new", Role.MANAGER, consents=False)
    credentials = {"username": "new", "password": PASSWORD}
    assert (
        problem_of(await new.post(f"{Q}/signatures", json=asked(lot, **credentials)), 409)["code"] == "consent_needed"
    )
    statement = (await new.get(f"{Q}/signature-consents/statement")).json()
    assert "handwritten" in statement["statement"]
    assert statement["accepted_at"] is None
    problem_of(await new.post(f"{Q}/signature-consents", json={"accepted": False}), 422)
    assert (await new.post(f"{Q}/signature-consents", json={"accepted": True})).status_code == 201
    problem_of(await new.post(f"{Q}/signature-consents", json={"accepted": True}), 409)
    await signed(new, lot, **credentials)


async def test_no_key_and_no_program_signs(app: FastAPI) -> None:
    key = Actor(name="a key", user_id=uuid7(), session_id=None, is_superuser=True)
    given = Credentials.model_validate(BOTH)
    with pytest.raises(Forbidden, match="API key"):
        await confirm(app.state.doorkeeper, key, given)


async def test_a_change_makes_the_signature_superseded_and_visible_as_such(quinn: httpx.AsyncClient, lot: str) -> None:
    signature = await signed(quinn, lot)
    path = f"{Q}/signatures/{signature['id']}"
    assert (await quinn.get(f"{path}/verification")).json()["holds"] is True
    await quinn.patch(f"{Q}/lots/L-1", json={"supplier": "Nordguss"})
    assert (await quinn.get(path)).json()["superseded_at"] is not None
    found = (await quinn.get(f"{path}/verification")).json()
    assert (found["holds"], found["unchanged"], found["hash_fits"]) == (False, False, True)
    await signed(quinn, lot, password=PASSWORD)


async def test_a_signature_copied_to_another_record_does_not_hold(
    quinn: httpx.AsyncClient, app: FastAPI, lot: str
) -> None:
    signature = await signed(quinn, lot)
    other = await quinn.post(f"{Q}/lots", json={"lot_number": "L-2", "part_id": "P", "quantity": 10})
    async with app.state.database.transaction() as session:
        found = await session.get_one(Signature, UUID(signature["id"]))
        values = {name: getattr(found, name) for name in found.__table__.columns.keys()}  # noqa: SIM118  names
        copy = Signature(**values | {"id": uuid7(), "record_id": UUID(other.json()["id"])})
        session.add(copy)
        await session.flush()
        copied = copy.id
    verified = (await quinn.get(f"{Q}/signatures/{copied}/verification")).json()
    assert (verified["holds"], verified["is_of_this_record"], verified["unchanged"]) == (False, False, False)


async def test_a_hash_that_is_not_of_its_content_is_found(quinn: httpx.AsyncClient, app: FastAPI, lot: str) -> None:
    signature = await signed(quinn, lot)
    async with app.state.database.transaction() as session:
        found = await session.get_one(Signature, UUID(signature["id"]))
        values = {name: getattr(found, name) for name in found.__table__.columns.keys()}  # noqa: SIM118  names
        forged = Signature(**values | {"id": uuid7(), "record_sha256": "0" * 64})
        session.add(forged)
        await session.flush()
        forged_id = forged.id
    verified = (await quinn.get(f"{Q}/signatures/{forged_id}/verification")).json()
    assert (verified["holds"], verified["hash_fits"]) == (False, False)


async def test_names_are_not_given_to_another_person(quinn: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    left = await admin.patch("/api/v1/users/quinn", json={"is_active": False})
    assert left.status_code == 200
    assert (await admin.delete("/api/v1/users/quinn")).status_code == 405
    again = {"username": "quinn", "password": PASSWORD, "role": "user"}
    assert (await admin.post("/api/v1/users", json=again)).status_code == 409
    assert (await quinn.get(f"{Q}/lots")).status_code == 401


async def test_a_release_takes_the_role_and_a_signature(
    person: Person, quinn: httpx.AsyncClient, lot: str, problem_of: Problem
) -> None:
    inez = await person("inez", Role.USER)
    given = {"username": "inez", "password": PASSWORD}
    assert problem_of(await inez.post(f"{Q}/lots/L-1/release", json=given), 403)["permission"] == "quality.lots.release"
    problem_of(await quinn.post(f"{Q}/lots/L-1/release", json={}), 422)


async def test_whoever_inspected_does_not_release_where_the_plan_asks_for_four_eyes(
    person: Person, quinn: httpx.AsyncClient, lot: str, problem_of: Problem
) -> None:
    body = {"lot_id": "L-1", "type": "final", "second_person": True}
    inspection = (await quinn.post(f"{Q}/inspections", json=body)).json()["id"]
    await quinn.post(f"{Q}/inspections/{inspection}/start")
    await quinn.post(f"{Q}/inspections/{inspection}/complete", json={})
    own = problem_of(await quinn.post(f"{Q}/lots/L-1/release", json=BOTH), 403)
    assert own["code"] == "four_eyes"
    approval = {"record_table": "inspections", "record_id": inspection, "meaning": "approval", **BOTH}
    assert problem_of(await quinn.post(f"{Q}/signatures", json=approval), 403)["code"] == "four_eyes"
    other = await person("otieno", Role.MANAGER)
    released = await other.post(f"{Q}/lots/L-1/release", json={"username": "otieno", "password": PASSWORD})
    assert released.json()["lot"]["status"] == "released"


async def test_a_lot_released_twice_at_once_is_released_once(
    person: Person, quinn: httpx.AsyncClient, lot: str
) -> None:
    inspection = (await quinn.post(f"{Q}/inspections", json={"lot_id": "L-1", "type": "final"})).json()["id"]
    await quinn.post(f"{Q}/inspections/{inspection}/start")
    await quinn.post(f"{Q}/inspections/{inspection}/complete", json={})
    other = await person("otieno", Role.MANAGER)
    answers = await asyncio.gather(
        quinn.post(f"{Q}/lots/L-1/release", json=BOTH),
        other.post(f"{Q}/lots/L-1/release", json={"username": "otieno", "password": PASSWORD}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    signatures = (await quinn.get(f"{Q}/signatures", params={"meaning": "release"})).json()
    assert signatures["total"] == 1


async def test_a_signature_that_fails_leaves_the_lot_as_it_was(quinn: httpx.AsyncClient, lot: str) -> None:
    answer = await quinn.post(f"{Q}/lots/L-1/hold", json={"reason": "x", "username": "quinn", "password": "wrong"})
    assert answer.status_code == 401
    assert (await quinn.get(f"{Q}/lots/L-1")).json()["on_hold"] is False


async def test_signing_is_in_the_trail_with_its_hash(quinn: httpx.AsyncClient, app: FastAPI, lot: str) -> None:
    signature = await signed(quinn, lot)
    async with app.state.database.reading() as connection:
        query = "SELECT facts FROM audit_entries WHERE event = 'quality.record.signed'"
        facts = str(await connection.scalar(text(query)))
    assert signature["record_sha256"] in facts


async def test_even_the_program_itself_cannot_move_a_signature_in_time(
    quinn: httpx.AsyncClient, app: FastAPI, lot: str
) -> None:
    await signed(quinn, lot)
    with pytest.raises(IntegrityError, match="A signature does not change"):
        async with app.state.database.transaction() as session:
            await session.execute(update(Signature).values(signed_at=now() - timedelta(days=1)))
