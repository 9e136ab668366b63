"""Access tokens that were not given by this house, not for this, or not any more."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from tests.attacks.conftest import cookie_of
from tests.conftest import SECRET, sign_in

from opsroom.core.auth.guards import COOKIE
from opsroom.core.auth.models import Role

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ME = "/api/v1/auth/me"


@pytest.fixture
async def good(app: FastAPI) -> str:
    return await sign_in(app, Role.USER, "wanjiru")


@pytest.fixture
def claims(good: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})
    return found


@pytest.fixture
def head(good: str) -> dict[str, Any]:
    return jwt.get_unverified_header(good)


async def status_with(client: httpx.AsyncClient, token: str) -> int:
    return (await client.get(ME, headers={"Authorization": f"Bearer {token}"})).status_code


def part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


async def test_a_good_one_is_taken(
    nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any], good: str
) -> None:
    assert await status_with(nobody, good) == 200
    assert await status_with(nobody, signed_by(SECRET.encode(), claims, head)) == 200, "made as the attacks are"


async def test_one_without_a_signature_is_refused(
    nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any], good: str
) -> None:
    for name in ("none", "None", "NONE", "nOnE", ""):
        unsigned = f"{part(head | {'alg': name})}.{part(claims)}."
        assert await status_with(nobody, unsigned) == 401
        assert await status_with(nobody, unsigned + good.rpartition(".")[2]) == 401


async def test_another_algorithm_than_the_one_that_is_set_is_refused(
    nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any]
) -> None:
    for algorithm, digest in (("HS384", "sha384"), ("HS512", "sha512")):
        token = signed_by(SECRET.encode(), claims, head | {"alg": algorithm}, digest)
        assert await status_with(nobody, token) == 401


async def test_a_public_key_signs_nothing(
    nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any]
) -> None:
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert (
        await status_with(nobody, jwt.encode(claims, pair, algorithm="RS256", headers=head | {"alg": "RS256"})) == 401
    )
    public = pair.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert await status_with(nobody, signed_by(public, claims, head)) == 401


async def test_another_key_is_refused(nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any]) -> None:
    for key in ("another key for tests only, of more than thirty-two", SECRET + " ", SECRET[:-1], ""):
        assert await status_with(nobody, signed_by(key.encode(), claims, head)) == 401


WRONG: tuple[dict[str, Any], ...] = (
    {"exp": datetime(2026, 1, 1, tzinfo=UTC)},
    {"exp": None},
    {"exp": "never"},
    {"nbf": datetime(2100, 1, 1, tzinfo=UTC)},
    {"iss": "somebody else"},
    {"iss": None},
    {"aud": "another service"},
    {"sid": None},
    {"sid": "00000000-0000-0000-0000-000000000000"},
    {"sid": "' OR 1=1 --"},
    {"sid": ["a"]},
)


async def test_one_that_the_house_would_not_give_is_refused_though_its_key_is_right(
    nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any]
) -> None:
    for changed in WRONG:
        given = {name: value for name, value in (claims | changed).items() if value is not None}
        assert await status_with(nobody, signed_by(SECRET.encode(), given, head)) == 401, changed


HEADS: tuple[dict[str, Any], ...] = (
    {"kid": "../../../../dev/null"},
    {"kid": "' UNION SELECT 'x"},
    {"jku": "http://127.0.0.1:9/keys"},
    {"x5u": "http://127.0.0.1:9/key"},
    {"crit": ["exp"]},
)


async def test_a_header_names_no_key_of_its_own(
    nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any]
) -> None:
    for header in HEADS:
        assert await status_with(nobody, signed_by(b"x", claims, head | header)) == 401, header


async def test_a_changed_claim_is_found(nobody: httpx.AsyncClient, claims: dict[str, Any], good: str) -> None:
    first, _, signature = good.split(".")
    assert await status_with(nobody, f"{first}.{part(claims | {'sub': claims['sid']})}.{signature}") == 401


async def test_the_session_of_a_browser_is_not_opened_by_a_token(
    app: FastAPI, nobody: httpx.AsyncClient, claims: dict[str, Any], head: dict[str, Any]
) -> None:
    session_id = (await cookie_of(app, Role.ADMIN))[COOKIE].partition(".")[0]
    assert await status_with(nobody, signed_by(SECRET.encode(), claims | {"sid": session_id}, head)) == 401


async def test_a_refresh_token_is_no_access_token(app: FastAPI, nobody: httpx.AsyncClient) -> None:
    assert await status_with(nobody, (await cookie_of(app, Role.ADMIN))[COOKIE]) == 401


def signed_by(key: bytes, claims: dict[str, Any], head: dict[str, Any], digest: str = "sha256") -> str:
    """Without the checks that a library makes when it signs."""
    plain = {name: value.timestamp() if isinstance(value, datetime) else value for name, value in claims.items()}
    signed = f"{part(head)}.{part(plain)}"
    signature = hmac.digest(key, signed.encode(), digest)
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
