"""Tokens: short-lived signed access tokens, and opaque secrets of which only a hash is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from uuid import UUID

import jwt

from opsroom.core.clock import now
from opsroom.core.errors import Unauthenticated

ISSUER = "opsroom"


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """keys: the first signs; all are trusted, so that tokens live on while one key takes over from another"""

    keys: tuple[str, ...]
    algorithm: str = "HS256"
    access_lifetime: timedelta = timedelta(minutes=30)
    session_lifetime: timedelta = timedelta(days=14)

    def access_token(self, user_id: UUID, session_id: UUID, at: datetime) -> str:
        claims = {
            "iss": ISSUER,
            "sub": str(user_id),
            "sid": str(session_id),
            "iat": at,
            "exp": at + self.access_lifetime,
        }
        key = self.keys[0]
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": key_id(key)})

    def session_of(self, access_token: str) -> UUID:
        """The sign-in that an access token belongs to.

        Raises:
            Unauthenticated: expired, forged or malformed.
        """
        try:
            session_id, expires_at = _verified(access_token, self.keys, self.algorithm)
        except jwt.ExpiredSignatureError:
            raise _expired() from None
        except (jwt.InvalidTokenError, ValueError):
            raise Unauthenticated(
                "The access token is not valid; sign in at /api/v1/auth/token.", code="token_invalid"
            ) from None
        if expires_at <= now().timestamp():
            raise _expired()
        return session_id


@lru_cache(4096)
def _verified(access_token: str, keys: tuple[str, ...], algorithm: str) -> tuple[UUID, float]:
    """The sign-in and the end of a token that was good when first seen: only time can make it bad."""
    named = jwt.get_unverified_header(access_token).get("kid")
    key = next((each for each in keys if key_id(each) == named), None)
    if key is None:
        raise jwt.InvalidTokenError("signed by a key that is not known")
    claims = jwt.decode(access_token, key, algorithms=[algorithm], issuer=ISSUER, options={"require": ["exp", "sid"]})
    return UUID(str(claims["sid"])), float(claims["exp"])


@cache
def key_id(key: str) -> str:
    """Which key it is, to be told to everybody."""
    return hashlib.sha256(b"opsroom token key\n" + key.encode()).hexdigest()[:16]


def _expired() -> Unauthenticated:
    return Unauthenticated(
        "The access token has expired; get a new one with the refresh token at /api/v1/auth/refresh.",
        code="token_expired",
    )


@dataclass(frozen=True, slots=True)
class SessionToken:
    """`<session id>.<secret>`: a refresh token, or the value of the console's cookie."""

    session_id: UUID
    secret: str

    def __str__(self) -> str:
        return f"{self.session_id}.{self.secret}"

    @property
    def hash(self) -> str:
        return hash_secret(self.secret)

    def opens(self, token_hash: str) -> bool:
        return hmac.compare_digest(self.hash, token_hash)


def new_session_token(session_id: UUID) -> SessionToken:
    return SessionToken(session_id, secrets.token_urlsafe(32))


def read_session_token(value: str) -> SessionToken | None:
    """None for what was not written by us: a UUID has more spellings than one, and none may pass for another token."""
    identifier, _, secret = value.partition(".")
    try:
        session_id = UUID(identifier)
    except ValueError:
        return None
    return SessionToken(session_id, secret) if str(session_id) == identifier else None


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
