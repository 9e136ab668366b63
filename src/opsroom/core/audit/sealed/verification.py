"""Is the trail what was sealed? Every entry is hashed anew and compared with the tree, every checkpoint with both."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.sealed.frontier import Frontier
from opsroom.core.audit.sealed.leaves import lines_of, sealed_leaves
from opsroom.core.audit.sealed.merkle import leaf_hash, root_of
from opsroom.core.audit.sealed.models import AuditCheckpoint
from opsroom.core.audit.sealed.notes import opened, read
from opsroom.core.audit.sealed.tiles import Leaf, computed

Ids = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """findings: one sentence for each thing that is not as it was sealed, empty when all is well
    unsealed: entries that wait for the next sealing
    """

    size: int
    checkpoints: int
    unsealed: int
    findings: tuple[str, ...]


async def verify(connection: AsyncConnection, trusted: Sequence[str], kept: Sequence[str] = ()) -> Verdict:
    """`trusted`: verifier keys; `kept`: checkpoints that somebody kept elsewhere."""
    checkpoints = await _checkpoints(connection)
    findings = [*_unsigned(checkpoints, trusted)]
    wanted = {row.size: read(row.note).root for row in checkpoints}
    seen = Frontier()
    sealed: list[Ids] = []
    async for leaves in sealed_leaves(connection):
        sealed.append(np.array([leaf.entry_id for leaf in leaves], dtype=np.int64))
        findings += await _differing(connection, leaves)
        for leaf in leaves:
            seen.add(leaf.hash)
            if seen.size in wanted and wanted.pop(seen.size) != seen.root():
                findings.append(f"The tree of {seen.size} entries is not the one that was signed.")
    wanted.pop(0, None)
    findings += [f"A checkpoint of {size} entries was signed, but only {seen.size} are left." for size in wanted]
    findings += await _unlike(connection, seen, trusted, kept)
    unsealed, strangers = await _outside(connection, sealed, checkpoints[-1].floor_entry if checkpoints else 0)
    findings += [f"Entry {each} appeared among entries that had been sealed without it." for each in strangers]
    return Verdict(seen.size, len(checkpoints), unsealed, tuple(findings))


async def _checkpoints(connection: AsyncConnection) -> list[AuditCheckpoint]:
    rows = await connection.execute(select(AuditCheckpoint.__table__).order_by(AuditCheckpoint.id))
    return [AuditCheckpoint(**row) for row in rows.mappings()]


def _unsigned(checkpoints: Sequence[AuditCheckpoint], trusted: Sequence[str]) -> list[str]:
    """From the newest back: a key is trusted when one that is trusted has signed beside it."""
    known = set(trusted)
    findings = []
    for row in reversed(checkpoints):
        found = next((note for key in known if (note := opened(row.note, key))), None)
        if found is None or found.size != row.size:
            findings.append(f"Checkpoint {row.id} of {row.size} entries bears no signature of a trusted key.")
            continue
        known.update(key for key in row.keys.split() if opened(row.note, key))
    return findings


async def _differing(connection: AsyncConnection, leaves: Sequence[Leaf]) -> list[str]:
    lines = await lines_of(connection, [leaf.entry_id for leaf in leaves])
    return [
        f"Entry {leaf.entry_id} was {'altered' if leaf.entry_id in lines else 'removed'} after it was sealed."
        for leaf in leaves
        if leaf.entry_id not in lines or leaf_hash(lines[leaf.entry_id]) != leaf.hash
    ]


async def _unlike(
    connection: AsyncConnection, seen: Frontier, trusted: Sequence[str], kept: Sequence[str]
) -> list[str]:
    """The tiles above the leaves, and what somebody kept elsewhere, against the leaves."""
    findings = []
    if await computed(connection, partial(root_of, seen.size)) != seen.root():
        findings.append("The upper tiles of the tree do not belong to its leaves.")
    for note in kept:
        checkpoint = next((found for key in trusted if (found := opened(note, key))), None)
        if checkpoint is None:
            findings.append("A kept checkpoint bears no signature of a trusted key.")
        elif checkpoint.size > seen.size:
            findings.append(f"A kept checkpoint speaks of {checkpoint.size} entries, but only {seen.size} are left.")
        elif await computed(connection, partial(root_of, checkpoint.size)) != checkpoint.root:
            findings.append(f"A kept checkpoint of {checkpoint.size} entries is of another trail.")
    return findings


async def _outside(connection: AsyncConnection, sealed: Sequence[Ids], floor: int) -> tuple[int, list[int]]:
    """How many entries wait to be sealed, and the ids of those that should not be there."""
    rows = (await connection.execute(text("SELECT id FROM audit_entries"))).scalars().all()
    present = np.array(rows, dtype=np.int64)
    outside = np.setdiff1d(present, np.concatenate([*sealed, np.array([], dtype=np.int64)]))
    return int((outside > floor).sum()), [int(each) for each in outside[outside <= floor]]
