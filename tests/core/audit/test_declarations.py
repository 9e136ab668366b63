"""What the trail keeps of each table is declared beside the table."""

from typing import Any

import pytest
from sqlalchemy import Column, MetaData, String, Table, text

from opsroom.apps import installed_apps
from opsroom.core.app import resolve
from opsroom.core.audit.declaration import (
    EXEMPT,
    IGNORED,
    PLAIN,
    REDACTED,
    audited_tables,
    exempt,
    undeclared_secrets,
)
from opsroom.core.auth.models import User
from opsroom.core.clock import now
from opsroom.core.db.base import Base
from opsroom.core.db.engine import Database
from opsroom.core.jobs.models import Job

Trail = Any

for app in installed_apps():
    if app.models:
        resolve(app.models)


def test_every_column_named_like_a_secret_says_what_the_trail_may_keep() -> None:
    assert undeclared_secrets(audited_tables(Base.metadata)) == []


def test_a_forgotten_secret_is_found() -> None:
    table = Table(
        "things", MetaData(), Column("id", String, primary_key=True), Column("api_key", String),
        Column("token_hash", String, info=REDACTED), Column("exclusive_key", String, info=PLAIN),
    )  # fmt: skip
    assert undeclared_secrets(audited_tables(table.metadata)) == ["things.api_key"]


def test_every_exemption_has_a_reason() -> None:
    reasons = {table.name: table.info[EXEMPT] for table in Base.metadata.sorted_tables if EXEMPT in table.info}
    assert {"store_observations", "workers", "audit_entries", "audit_transactions"} <= reasons.keys()
    assert all(len(reason.split()) >= 4 for reason in reasons.values()), reasons


def test_exempt_tables_are_left_out() -> None:
    metadata = MetaData()
    Table("seen", metadata, Column("id", String, primary_key=True))
    Table("unseen", metadata, Column("id", String, primary_key=True), info=exempt("for a reason given here"))
    assert [audited.name for audited in audited_tables(metadata)] == ["seen"]


def test_ignored_columns_are_not_recorded() -> None:
    metadata = MetaData()
    Table("seen", metadata, Column("id", String, primary_key=True), Column("beat", String, info=IGNORED))
    (audited,) = audited_tables(metadata)
    assert [column.name for column in audited.recorded] == ["id"]
    assert audited.left_out == ("beat",)


async def test_a_password_s_hash_never_enters_the_trail_but_its_change_does(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        user = User(username="wanjiru", password_hash="the first hash")
        session.add(user)
        await session.flush()
        user.password_hash = "the second hash"
        await session.flush()
        await session.delete(user)
    created, updated, deleted = await trail()
    assert created["after"]["password_hash"] == deleted["before"]["password_hash"] == "(redacted)"
    assert updated["before"] == updated["after"] == {"password_hash": "(redacted)"}
    stored = text("SELECT coalesce(CAST(before AS text), '') || coalesce(CAST(after AS text), '') FROM audit_entries")
    async with database.reading() as connection:
        whole = "\n".join(await connection.scalars(stored))
    assert "(redacted)" in whole
    assert "the first" not in whole
    assert "the second" not in whole


async def test_a_column_that_is_ignored_makes_no_entry(database: Database, trail: Trail) -> None:
    async with database.transaction() as session:
        user = User(username="wanjiru", password_hash="x")
        session.add(user)
        await session.flush()
        user.last_login = now()
        await session.flush()
        user.email = "wanjiru@example.org"
        user.last_login = now()
    created, updated = await trail()
    assert "last_login" not in created["after"]
    assert updated["after"] == {"email": "wanjiru@example.org"}


@pytest.mark.parametrize("beat", ["progress", "message", "lease_until", "worker", "fence", "attempt"])
def test_the_beat_of_a_job_is_ignored(beat: str) -> None:
    assert Job.__table__.c[beat].info == IGNORED
