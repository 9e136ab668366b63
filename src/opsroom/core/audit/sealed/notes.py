"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint): origin, size, root, and who signed.

A verifier key is `<origin>+<key id>+<base64 of the kind and the public key>`; it is what an auditor keeps.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ED25519 = b"\1"
PURPOSE = b"opsroom audit checkpoint"
ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signer:
    origin: str
    key: Ed25519PrivateKey

    @property
    def verifier_key(self) -> str:
        public = ED25519 + self.key.public_key().public_bytes_raw()
        return f"{self.origin}+{_key_id(self.origin, public).hex()}+{base64.b64encode(public).decode()}"

    def line(self, text: str) -> str:
        public = ED25519 + self.key.public_key().public_bytes_raw()
        signature = _key_id(self.origin, public) + self.key.sign(text.encode())
        return f"— {self.origin} {base64.b64encode(signature).decode()}\n"


def signer_of(secret: str, origin: str) -> Signer:
    """The key that a secret of any length of text stands for; the same secret always gives the same key."""
    seed = HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(secret.encode())
    return Signer(origin, Ed25519PrivateKey.from_private_bytes(seed))


def signed(checkpoint: Checkpoint, signers: Sequence[Signer]) -> str:
    """The note. Several sign while one key takes over from another, so that who trusts either can follow."""
    text = checkpoint.text()
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def opened(note: str, verifier_key: str) -> Checkpoint | None:
    """What the note says, if the key signed it; else None."""
    text, _, lines = note.partition("\n\n")
    text += "\n"
    origin, key_id, public = verifier_key.split("+", 2)
    wanted = f"— {origin} "
    for line in lines.splitlines():
        signature = base64.b64decode(line.removeprefix(wanted)) if line.startswith(wanted) else b""
        if signature[:ID_BYTES].hex() == key_id and _is_signed(base64.b64decode(public), signature[ID_BYTES:], text):
            return read(text)
    return None


def read(note: str) -> Checkpoint:
    """What the note says, whoever signed it.

    Raises:
        ValueError: it is no checkpoint.
    """
    origin, size, root = note.split("\n")[:3]
    return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))


def _is_signed(public: bytes, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def _key_id(origin: str, public: bytes) -> bytes:
    return sha256(origin.encode() + b"\n" + public).digest()[:ID_BYTES]
