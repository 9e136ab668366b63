"""Verify an exported audit trail, or the proof of some entries, without the program that made it.

    python verify_trail.py FOLDER [--key KEY]... [--checkpoint FILE]...
    python verify_trail.py PROOF.json [--key KEY]...

KEY: a verifier key from somebody you trust (`opsroom audit key`); without one those in the export are taken: that shows
that it belongs together, not who made it. FILE: a checkpoint you kept; the export must begin with it. Exit code 0: all
is well; 1: something is not; 2: no export. Needs Python 3.10, `cryptography`. RFC 9162, section 2.1; C2SP signed-note.
"""

import argparse
import base64
import json
import pathlib
import sys
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Result = tuple[int, list[str]]  # how many entries, and what is not as it was sealed
UNSIGNED = "the checkpoint bears no signature of a trusted key"


def leaf_hash(line: bytes) -> bytes:
    return sha256(b"\0" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_of(hashes: list[bytes]) -> bytes:
    """The largest full subtree on the left, what is left on the right; level by level from below."""
    if not hashes:
        return sha256(b"").digest()
    while len(hashes) > 1:
        odd = hashes[-1:] if len(hashes) % 2 else []
        hashes = [node_hash(a, b) for a, b in zip(hashes[::2], hashes[1::2], strict=False)] + odd
    return hashes[0]


def root_by(path: list[str], leaf: bytes, index: int, size: int) -> bytes | None:
    """The root that the path leads to (RFC 9162, 2.1.3.2), or None."""
    last = size - 1
    if not 0 <= index <= last:
        return None
    for each in map(bytes.fromhex, path):
        if last == 0:
            return None
        if index & 1 or index == last:
            leaf = node_hash(each, leaf)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf = node_hash(leaf, each)
        index, last = index >> 1, last >> 1
    return leaf if last == 0 else None


def opened(note: str, keys: list[str]) -> tuple[int, bytes] | None:
    """(size, root) of a note that one of the keys signed, or None."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    for key in keys:
        origin, key_id, public = key.split("+", 2)
        for line in signatures.splitlines():
            if line.startswith(f"— {origin} "):
                signature = base64.b64decode(line.rpartition(" ")[2])
                if signature[:4].hex() == key_id and is_signed(base64.b64decode(public)[1:], signature[4:], text):
                    said, size, root = text.split("\n")[:3]
                    return (int(size), base64.b64decode(root)) if said == origin else None
    return None


def is_signed(public: bytes, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except InvalidSignature:
        return False
    return True


def check_proof(proof: dict[str, Any], keys: list[str]) -> Result:
    signed = opened(proof["checkpoint"], keys or proof["keys"])
    if signed is None:
        return 0, [UNSIGNED]
    entries = proof.get("entries", [proof])
    leaves = [(each["path"], leaf_hash(each["line"].encode()), each["index"]) for each in entries]
    wrong = [number for number, leaf in enumerate(leaves, 1) if root_by(*leaf, signed[0]) != signed[1]]
    return len(entries), [f"entry {number} of the proof is not one of those that were sealed" for number in wrong]


def check_folder(folder: pathlib.Path, keys: list[str], kept: list[str]) -> Result:
    keys = keys or (folder / "keys").read_text("utf-8").split()
    signed = opened((folder / "checkpoint").read_text("utf-8"), keys)
    if signed is None:
        return 0, [UNSIGNED]
    blob = (folder / "leaves").read_bytes()
    leaves = [blob[at : at + 32] for at in range(0, len(blob), 32)]
    if len(leaves) != signed[0] or root_of(leaves) != signed[1]:
        return 0, [f"the {len(leaves)} hashes are not the {signed[0]} that were signed"]
    findings = []
    for note in kept:
        earlier = opened(note, keys)
        if earlier is None or earlier[0] > len(leaves) or root_of(leaves[: earlier[0]]) != earlier[1]:
            findings.append("the trail does not begin with a checkpoint that was kept")
    return len(leaves), findings + compare(folder / "trail.ndjson", leaves)


def compare(trail: pathlib.Path, leaves: list[bytes]) -> list[str]:
    places = {each: index for index, each in enumerate(leaves)}
    findings: list[str] = []
    expected, seen = 0, set[int | None]()
    with trail.open("rb") as file:
        for number, line in enumerate(file, 1):
            index = places.get(leaf_hash(line[:-1] if line.endswith(b"\n") else line))
            if index is None:
                findings.append(f"line {number} was altered or inserted: {line.rstrip()[:60].decode(errors='replace')}")
            elif index < expected:
                findings.append(f"line {number} is out of order or stands there twice: its number is {index + 1}")
            seen.add(index)
            expected = max(expected, (index or 0) + 1)
    return findings + [f"entry number {index + 1} is missing" for index in range(len(leaves)) if index not in seen]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", type=pathlib.Path)
    parser.add_argument("--key", action="append", default=[])
    parser.add_argument("--checkpoint", action="append", default=[], type=pathlib.Path)
    asked = parser.parse_args()
    try:
        if asked.what.is_dir():
            size, findings = check_folder(asked.what, asked.key, [each.read_text("utf-8") for each in asked.checkpoint])
        else:
            size, findings = check_proof(json.loads(asked.what.read_text("utf-8")), asked.key)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"not an export: {error!r}", file=sys.stderr)
        sys.exit(2)
    print("\n".join(findings) or f"{size} entries are as they were sealed")
    if not asked.key:
        print("no --key was given: whether the signer is the one you trust was not checked", file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
