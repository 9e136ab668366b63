"""Argon2id hashes; exactly one verification on every path, so that an unknown name costs what a known one does."""

import asyncio
import secrets

from pwdlib import PasswordHash

MINIMUM_LENGTH = 12

_hasher = PasswordHash.recommended()
_nobody = _hasher.hash(secrets.token_urlsafe(16))


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def verify_password(password: str, password_hash: str | None) -> bool:
    """False for a wrong password and, after the same work, for `None`, the hash of nobody."""
    matches = await asyncio.to_thread(_hasher.verify, password, password_hash or _nobody)
    return matches and password_hash is not None


def generate_password() -> str:
    return secrets.token_urlsafe(15)
