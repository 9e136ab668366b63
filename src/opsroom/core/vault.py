"""Secrets that have to be read again, encrypted where they are kept (AES-256-GCM).

The key is made of the secret key of the house, which is in no database and no backup of one: who takes those away has
signing keys of nobody. What a former key sealed is opened as long as that key is known.
"""

import base64
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.ext.asyncio import AsyncSession

SEALED = "sealed:"
NONCE = 12  # bytes
VAULT = "vault"  # where a session carries it


class Shut(Exception):  # noqa: N818  says no, and will say so again
    """It was sealed with a key that is not known any more."""


class Vault:
    def __init__(self, secret_keys: Sequence[str]) -> None:
        """secret_keys: the present one first, then former ones"""
        self._keys = [AESGCM(_derived(key)) for key in secret_keys]

    def seal(self, secret: str) -> str:
        nonce = os.urandom(NONCE)
        return SEALED + base64.b64encode(nonce + self._keys[0].encrypt(nonce, secret.encode(), None)).decode()

    def open(self, kept: str) -> str:
        """What was kept before there was a vault is given as it is.

        Raises:
            Shut: no known key opens it.
        """
        if not kept.startswith(SEALED):
            return kept
        opened = next((text for key in self._keys if (text := _opened(key, kept)) is not None), None)
        if opened is None:
            raise Shut("It was encrypted with a key that is not known here any more.")
        return opened

    def is_of_the_present_key(self, kept: str) -> bool:
        return kept.startswith(SEALED) and _opened(self._keys[0], kept) is not None


def vault_of(session: AsyncSession) -> Vault:
    vault: Vault = session.info[VAULT]
    return vault


def _derived(secret_key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"opsroom vault 1").derive(secret_key.encode())


def _opened(key: AESGCM, kept: str) -> str | None:
    try:
        content = base64.b64decode(kept.removeprefix(SEALED), validate=True)
        return key.decrypt(content[:NONCE], content[NONCE:], None).decode()
    except (InvalidTag, ValueError):
        return None
