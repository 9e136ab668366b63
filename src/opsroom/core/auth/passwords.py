"""Argon2id hashes; exactly one verification on every path, so that an unknown name costs what a known one does."""

import asyncio
import secrets
from functools import cache

from pwdlib import PasswordHash

MINIMUM_LENGTH = 12

_hasher = PasswordHash.recommended()


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """False for a wrong password and, after the same work, for `None`, the hash of nobody."""
    matches = await asyncio.to_thread(_matches, password, password_hash)
    return matches and password_hash is not None


def _matches(password: str, password_hash: str | None) -> bool:
    # Drawn at the first comparison of the process, whosever it is: its time tells nothing of the name.
    nobody = _hash_of_nobody()
    return _hasher.verify(password, password_hash or nobody)


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def generate_password() -> str:
    return secrets.token_urlsafe(15)
