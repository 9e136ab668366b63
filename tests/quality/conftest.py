"""A lot with everything that belongs to one, written by raw means, for tests that try to break it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from opsroom.core.auth.actions import open_session
from opsroom.core.auth.models import Role, SessionKind, User
from opsroom.core.auth.passwords import hash_password
from opsroom.core.clock import now
from opsroom.core.db.base import Entity
from opsroom.core.db.engine import Database
from opsroom.core.storage.models import Artifact, ArtifactType
from opsroom.quality.devices.models import Gauge, Station
from opsroom.quality.findings.models import Defect, DefectReview
from opsroom.quality.images.models import InspectionImage
from opsroom.quality.inference.models import InferenceJob
from opsroom.quality.inspections.models import Inspection, SamplingPlan
from opsroom.quality.kinds import (
    ActionType,
    DefectType,
    DetectionMethod,
    InspectionType,
    Meaning,
    PartType,
    ReviewDecision,
    Severity,
    SignedRecord,
)
from opsroom.quality.lots.models import Lot, LotParent
from opsroom.quality.measurements.models import Measurement
from opsroom.quality.nonconformances.models import CorrectiveAction, Nonconformance
from opsroom.quality.parts.models import Part, PartRevision
from opsroom.quality.signing.models import Signature, SignatureConsent

SHA = "0123456789abcdef" * 4
BORE = {"bore": {"nominal": 12.0, "lower": 11.9, "upper": 12.1, "unit": "mm"}}


@dataclass
class World:
    """One record of each table, by the table's name."""

    records: dict[str, Any]
    others: dict[str, Any]

    def id_of(self, table: str) -> UUID:
        found: UUID = self.records[table].id
        return found


@pytest.fixture
async def world(database: Database) -> World:
    """A pending inspection of a created lot, with a measurement, a finding, a plan and a run of a model."""
    async with database.transaction() as session:
        return await make_world(session)


async def make_world(session: AsyncSession) -> World:
    made: dict[str, Any] = {}

    async def add(record: Entity) -> Any:
        session.add(record)
        await session.flush()
        made.setdefault(record.__tablename__, record)
        return record

    first = await add(User(username="wanjiru", password_hash="none"))
    second = await add(User(username="otieno", password_hash="none"))
    part = await add(
        Part(part_number="P-1", revision="A", name="Bracket", type=PartType.COMPONENT, specifications=BORE)
    )
    revision = await add(
        PartRevision(part_id=part.id, revision="A", specifications=BORE, effective_from=now(), changed_by="wanjiru")
    )
    await add(Station(station_number="CAM-1", name="Camera", calibrated_on=date(2026, 1, 1)))
    due = now().date() + timedelta(days=100)
    gauge = await add(Gauge(gauge_number="G-1", name="Caliper", calibration_due=due, resolution=0.01))
    lot = await add(Lot(lot_number="L-1", part_id=part.id, quantity=100))
    other = await add(Lot(lot_number="L-0", part_id=part.id, quantity=5))
    await add(LotParent(lot_id=lot.id, parent_id=other.id, quantity=3))
    inspection = await add(Inspection(lot_id=lot.id, part_revision_id=revision.id, type=InspectionType.FINAL))
    await add(
        SamplingPlan(
            inspection_id=inspection.id, lot_size=100, level="II", aql=1.0, severity="normal",
            code="F", plan_code="E", n=13, ac=0, re=1,
        )
    )  # fmt: skip
    await add(
        Measurement(
            inspection_id=inspection.id, characteristic="bore", unit_number=1, value=12.0, measured_at=now(),
            gauge_id=gauge.id, operator_id=first.id, operator="wanjiru", manual=True, within_limits=True,
        )
    )  # fmt: skip
    image = await add(Artifact(name="a.png", type=ArtifactType.IMAGE, media_type="image/png", sha256=SHA, size_bytes=1))
    await add(InspectionImage(inspection_id=inspection.id, artifact_id=image.id, unit_number=1, width=64, height=64))
    run = await add(
        InferenceJob(
            inspection_id=inspection.id, model_name="surface", model_version="1", model_sha256=SHA,
            input_artifact_id=image.id, input_sha256=SHA, requested_by="wanjiru",
        )
    )  # fmt: skip
    await add(
        Defect(
            inspection_id=inspection.id, inference_job_id=run.id, type=DefectType.SCRATCH, severity=Severity.MINOR,
            severity_rank=1, detection_method=DetectionMethod.MODEL, confidence=0.9, uncertainty=0.2, box_x=0.1,
            box_y=0.1, box_width=0.2, box_height=0.1, size=0.2, model_verdict={"type": "scratch"},
        )
    )  # fmt: skip
    held = Inspection(lot_id=other.id, part_revision_id=revision.id, type=InspectionType.INCOMING)
    session.add(held)
    await session.flush()
    looked_at = Defect(
        inspection_id=held.id, type=DefectType.DENT, severity=Severity.MINOR, severity_rank=1,
        detection_method=DetectionMethod.MANUAL,
    )  # fmt: skip
    session.add(looked_at)
    await session.flush()
    await add(
        DefectReview(
            defect_id=looked_at.id, position=1, reviewer_id=second.id, reviewer="otieno",
            decision=ReviewDecision.CONFIRM, before={}, after={},
        )
    )  # fmt: skip
    report = await add(
        Nonconformance(
            number="NCR-1", lot_id=other.id, title="Dents", description="Many", severity=Severity.MAJOR, owner="otieno"
        )
    )
    await add(
        CorrectiveAction(
            nonconformance_id=report.id, type=ActionType.CORRECTIVE, description="Pad the trays", owner="otieno",
            due_on=date(2026, 12, 1), effectiveness_check="No dents in five lots",
        )
    )  # fmt: skip
    await add(SignatureConsent(user_id=first.id, printed_name="wanjiru", statement="It binds.", accepted_at=now()))
    await add(
        Signature(
            record_table=SignedRecord.LOTS, record_id=other.id, signer_id=first.id, printed_name="wanjiru",
            meaning=Meaning.REVIEW, signed_at=now(), session_id=uuid7(), record_sha256=SHA, canonical_record="{}",
        )
    )  # fmt: skip
    return World(made, {"user": second, "lot": other, "inspection": held})


Attempt = Callable[..., Awaitable[str | None]]


@pytest.fixture
def attempt(database: Database) -> Attempt:
    """Run raw statements in one transaction that is undone; the error of the last of them, or None."""

    async def run(*statements: str, **values: Any) -> str | None:
        async with database.transaction() as session:
            for statement in statements[:-1]:
                await session.execute(text(statement), _used(statement, values))
            try:
                await session.execute(text(statements[-1]), _used(statements[-1], values))
            except IntegrityError as error:
                return str(error.orig)
            finally:
                await session.rollback()
        return None

    return run


def _used(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in statement}


PASSWORD = "a horse that reads batteries"
Person = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(hash_password(PASSWORD))


@pytest.fixture
async def person(app: FastAPI, password_hash: str) -> AsyncIterator[Person]:
    """A client of a person with a password to sign with, who accepted what a signature means."""
    opened: list[httpx.AsyncClient] = []

    async def make(username: str, role: Role, *, consents: bool = True) -> httpx.AsyncClient:
        policy = app.state.tokens
        async with app.state.database.transaction() as session:
            user = await session.scalar(select(User).where(User.username == username))
            if user is None:
                user = User(username=username, password_hash=password_hash, role=role)
                session.add(user)
                await session.flush()
            token = await open_session(session, user, SessionKind.TOKEN, policy, ip=None, user_agent=None)
            headers = {"Authorization": f"Bearer {policy.access_token(user.id, token.session_id, now())}"}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://opsroom.test", headers=headers)
        opened.append(client)
        if consents:
            given = await client.post("/api/v1/quality/signature-consents", json={"accepted": True})
            assert given.status_code in {201, 409}, given.text
        return client

    yield make
    for client in opened:
        await client.aclose()
