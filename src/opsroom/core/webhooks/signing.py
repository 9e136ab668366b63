"""Signatures as Standard Webhooks 1.0 writes them (standardwebhooks.com): HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a secret


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """
    Raises:
        ValueError: it is not `whsec_` and base64 of 24 to 64 bytes.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except ValueError:  # also of text that is not ASCII
        key = b""
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"a secret is {PREFIX} and base64 of {SHORTEST} to {LONGEST} bytes")
    return key


def signed_headers(secret: str, event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """timestamp: seconds since 1970, which a receiver compares with its clock against replays"""
    content = f"{event_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode()
    return {"webhook-id": event_id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}
