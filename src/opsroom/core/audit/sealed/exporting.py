"""What an auditor takes away: the trail with its tree, or one entry with its path; both verify without us."""

import json
from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.sealed.leaves import lines_of, sealed_leaves
from opsroom.core.audit.sealed.merkle import consistency_path, inclusion_path, leaf_hash
from opsroom.core.audit.sealed.models import AuditCheckpoint
from opsroom.core.audit.sealed.sealing import latest_checkpoint
from opsroom.core.audit.sealed.tiles import computed, indexes_of, size_of_tree
from opsroom.core.errors import NotFound

VERIFIER = "verify_trail.py"


def verifier_script() -> bytes:
    return (files(__package__) / VERIFIER).read_bytes()


async def newest_checkpoint(connection: AsyncConnection) -> AuditCheckpoint:
    """
    Raises:
        NotFound: nothing was sealed yet.
    """
    checkpoint = await latest_checkpoint(connection)
    if checkpoint is None:
        raise NotFound("Nothing is sealed yet; `opsroom audit seal` does it now.")
    return checkpoint


async def write_export(connection: AsyncConnection, folder: Path) -> int:
    """Write the sealed trail, its hashes, the checkpoint, the keys and the verifier into a new folder; gives its size.

    Raises:
        NotFound: nothing was sealed yet.
        FileExistsError: the folder exists.
    """
    checkpoint = await newest_checkpoint(connection)
    folder.mkdir(parents=True)  # noqa: ASYNC240  a command's own work, nobody else waits
    (folder / "checkpoint").write_text(checkpoint.note, encoding="utf-8")
    (folder / "keys").write_text(checkpoint.keys.replace(" ", "\n") + "\n", encoding="utf-8")
    (folder / VERIFIER).write_bytes(verifier_script())
    left = checkpoint.size
    with (folder / "trail.ndjson").open("wb") as trail, (folder / "leaves").open("wb") as hashes:
        async for leaves in sealed_leaves(connection):
            signed = leaves[:left]
            found = await lines_of(connection, [leaf.entry_id for leaf in signed])
            trail.writelines(found[leaf.entry_id] + b"\n" for leaf in signed if leaf.entry_id in found)
            hashes.write(b"".join(leaf.hash for leaf in signed))
            left -= len(signed)
    return checkpoint.size


async def proof_of_all(connection: AsyncConnection, entry_ids: Sequence[int]) -> dict[str, Any]:
    """Entries in the order of the tree, with their paths; those that wait to be sealed are left out.

    Raises:
        NotFound: nothing was sealed yet, or a sealed entry is gone.
    """
    checkpoint = await newest_checkpoint(connection)
    found = await indexes_of(connection, entry_ids)
    sealed = sorted((index, each) for each, index in found.items() if index < checkpoint.size)
    paths = await computed(
        connection, lambda node: [inclusion_path(index, checkpoint.size, node) for index, _ in sealed]
    )
    lines = await lines_of(connection, [each for _, each in sealed])
    gone = [each for _, each in sealed if each not in lines]
    if gone:
        raise NotFound(f"Entry {gone[0]} was sealed and is gone: run `opsroom audit verify`.")
    entries = [as_entry(lines[each].decode(), index, path) for (index, each), path in zip(sealed, paths, strict=True)]
    return {"entries": entries} | signed_as(checkpoint.note, checkpoint.keys)


def as_entry(line: str, index: int, path: Sequence[bytes]) -> dict[str, Any]:
    return {"line": line, "index": index, "path": [step.hex() for step in path]}


def signed_as(note: str, keys: str) -> dict[str, Any]:
    return {"checkpoint": note, "keys": keys.split()}


async def as_sealed(connection: AsyncConnection, entry_ids: Sequence[int]) -> dict[int, bool]:
    """Of the entries that are sealed: whether each still is what was sealed."""
    found = await indexes_of(connection, entry_ids)
    order = list(found)
    hashes = await computed(connection, lambda node: [node(0, found[each]) for each in order])
    lines = await lines_of(connection, order)
    return {each: each in lines and leaf_hash(lines[each]) == kept for each, kept in zip(order, hashes, strict=True)}


async def consistency_of(connection: AsyncConnection, old: int) -> dict[str, Any]:
    """What shows that the tree of the latest checkpoint begins with the tree of `old` entries."""
    checkpoint = await newest_checkpoint(connection)
    size = await size_of_tree(connection)
    if not 0 < old <= min(size, checkpoint.size):
        raise NotFound(f"There is no tree of {old} entries; the latest checkpoint has {checkpoint.size}.")
    path = await computed(connection, partial(consistency_path, old, checkpoint.size))
    return {"old_size": old, "path": [each.hex() for each in path], "checkpoint": checkpoint.note}


def as_file(proof: dict[str, Any]) -> str:
    return json.dumps(proof, ensure_ascii=False, indent=2) + "\n"
