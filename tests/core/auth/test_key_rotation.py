"""The key that signs tokens changes; what was signed or handed out before goes on."""

import stat
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import jwt
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from tests.conftest import sign_in
from typer.testing import CliRunner
from uuid_utils.compat import uuid7

from opsroom.commands.key import group as key_group
from opsroom.core.audit.sealed.notes import Checkpoint, opened, signed
from opsroom.core.auth.actions import find_user
from opsroom.core.auth.keys import create_key
from opsroom.core.auth.models import Role
from opsroom.core.auth.schemas import ApiKeyAsked
from opsroom.core.auth.tokens import TokenPolicy, key_id
from opsroom.core.clock import now
from opsroom.core.errors import Unauthenticated
from opsroom.keyfiles import FORMER, PRESENT, forget, former_keys, present_key, rotate
from opsroom.main import audit_signers, create_app
from opsroom.settings import Settings, secret_keys

OLD, NEW, OTHER = ("the-old-key-" * 6, "the-new-key-" * 6, "another-key-" * 6)
SESSION = UUID("01900000-0000-7000-8000-000000000000")


def token_of(*keys: str) -> str:
    return TokenPolicy(keys).access_token(uuid7(), SESSION, now())


def test_tokens_of_a_former_key_stay_good_and_new_ones_are_of_the_new_key() -> None:
    before = token_of(OLD)
    policy = TokenPolicy((NEW, OLD))
    assert policy.session_of(before) == SESSION
    after = policy.access_token(uuid7(), SESSION, now())
    assert jwt.get_unverified_header(after)["kid"] == key_id(NEW)
    assert TokenPolicy((NEW,)).session_of(after) == SESSION


def test_a_key_that_was_forgotten_opens_nothing() -> None:
    before = token_of(OLD)
    assert TokenPolicy((NEW, OLD)).session_of(before) == SESSION
    with pytest.raises(Unauthenticated):
        TokenPolicy((NEW,)).session_of(before)


def forged(key: str, algorithm: str, **headers: str) -> str:
    claims = {"iss": "opsroom", "sid": str(SESSION), "exp": now().timestamp() + 60}
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize(
    "token",
    [
        forged(OTHER, "HS256", kid=key_id(NEW)),
        forged(OTHER, "HS256", kid=key_id(OTHER)),
        forged(NEW, "HS256"),
        forged(NEW, "HS512", kid=key_id(NEW)),
        forged("", "none", kid=key_id(NEW)),
        "not.a.token",
        "",
    ],
    ids=["of another key", "naming another key", "naming none", "other algorithm", "unsigned", "no token", "nothing"],
)
def test_a_token_of_another_making_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        TokenPolicy((NEW, OLD)).session_of(token)


async def asked(app: FastAPI, *bearers: str) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://opsroom.test") as client:
        return [
            await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {bearer}"}) for bearer in bearers
        ]


async def test_tokens_and_keys_survive_a_rotation_of_the_setting(settings: Settings) -> None:
    before = create_app(settings.model_copy(update={"secret_key": SecretStr(OLD)}), work=False)
    access = await sign_in(before, Role.USER, "wanjiru")
    asking = ApiKeyAsked(name="x", scopes=["account.read"])
    async with before.state.database.transaction() as session:
        owner = await find_user(session, "wanjiru")
        _, key = await create_key(session, owner, asking, asking.scopes, timedelta(days=90))
    keys = {"secret_key": SecretStr(NEW), "former_secret_keys": SecretStr(f"{OTHER}, {OLD}")}
    after = create_app(settings.model_copy(update=keys), work=False)
    assert [answer.status_code for answer in await asked(after, access, key)] == [200, 200]
    keys["former_secret_keys"] = SecretStr(OTHER)
    later = create_app(settings.model_copy(update=keys), work=False)
    assert [answer.status_code for answer in await asked(later, access, key)] == [401, 200]
    for app in (before, after, later):
        await app.state.last_use.settled()
        await app.state.database.close()


def test_checkpoints_of_the_trail_can_be_followed_from_key_to_key() -> None:
    before = audit_signers(Settings(secret_key=SecretStr(OLD)))
    between = audit_signers(Settings(secret_key=SecretStr(NEW), former_secret_keys=SecretStr(f"{OLD}, {OTHER}")))
    assert between[0].verifier_key == audit_signers(Settings(secret_key=SecretStr(NEW)))[0].verifier_key
    note = signed(Checkpoint("opsroom.audit", 1, b"\0" * 32), between)
    assert opened(note, before[0].verifier_key) is not None
    assert opened(note, between[0].verifier_key) is not None


def test_a_key_of_the_trail_s_own_does_not_follow_the_secret_key() -> None:
    settings = Settings(secret_key=SecretStr(NEW), former_secret_keys=SecretStr(OLD), audit_key=SecretStr(OTHER))
    assert [signer.verifier_key for signer in audit_signers(settings)] == [
        signer.verifier_key for signer in audit_signers(Settings(secret_key=SecretStr(OTHER)))
    ]


def test_key_files_are_rotated_and_forgotten(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = present_key(tmp_path)
    rotate(tmp_path)
    second = present_key(tmp_path)
    rotate(tmp_path)
    assert secret_keys(settings) == (present_key(tmp_path), second, first)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (PRESENT, FORMER)} == {0o600}
    assert {path.name for path in tmp_path.iterdir()} == {PRESENT, FORMER}
    assert forget(tmp_path) == 2
    assert former_keys(tmp_path) == ()
    assert secret_keys(settings) == (present_key(tmp_path),)


def test_a_rotation_that_breaks_off_loses_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = present_key(tmp_path)

    def full() -> str:
        raise OSError("disk full")

    monkeypatch.setattr("opsroom.keyfiles.new_key", full)
    with pytest.raises(OSError, match="disk full"):
        rotate(tmp_path)
    assert secret_keys(Settings(data_dir=tmp_path)) == (first,)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.setenv("OPSROOM_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("OPSROOM_SECRET_KEY", raising=False)
    return CliRunner()


def test_the_command_rotates_lists_and_forgets(run: CliRunner, tmp_path: Path) -> None:
    from_start = key_id(present_key(tmp_path))
    assert run.invoke(key_group, ["rotate"]).exit_code == 0
    listed = run.invoke(key_group, ["list"]).output.splitlines()
    assert listed == [f"{key_id(present_key(tmp_path))}  signs", f"{from_start}  trusted yet"]
    assert "1 former keys" in run.invoke(key_group, ["forget"]).output
    assert len(run.invoke(key_group, ["list"]).output.splitlines()) == 1


def test_a_key_of_the_environment_is_rotated_there(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSROOM_SECRET_KEY", NEW)
    for verb in ("rotate", "forget"):
        answer = run.invoke(key_group, [verb])
        assert (answer.exit_code, "OPSROOM_FORMER_SECRET_KEYS" in answer.stderr) == (2, True)
    fresh = run.invoke(key_group, ["new"]).output.strip()
    assert len(fresh) >= 48
