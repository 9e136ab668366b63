"""The sealed entries in the order of the tree, and their lines."""

from collections.abc import AsyncIterator, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.sealed.lines import lines_after
from opsroom.core.audit.sealed.models import AuditTile
from opsroom.core.audit.sealed.tiles import HASH_BYTES, Leaf, entry_ids

TILES_AT_A_TIME = 64
FAR = 1000  # ids further apart are read apart


async def sealed_leaves(connection: AsyncConnection) -> AsyncIterator[list[Leaf]]:
    """All leaves, some thousands at a time."""
    position = 0
    while True:
        of_leaves = select(AuditTile.hashes, AuditTile.entry_ids).where(
            AuditTile.level == 0, AuditTile.position >= position, AuditTile.position < position + TILES_AT_A_TIME
        )
        rows = (await connection.execute(of_leaves.order_by(AuditTile.position))).all()
        if not rows:
            return
        hashes = b"".join(row.hashes for row in rows)
        ids = entry_ids(b"".join(row.entry_ids or b"" for row in rows)).tolist()
        yield [Leaf(hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES], each) for at, each in enumerate(ids)]
        position += TILES_AT_A_TIME


async def lines_of(connection: AsyncConnection, entry_ids: Sequence[int]) -> dict[int, bytes]:
    """The lines of those entries that there are."""
    wanted = set(entry_ids)
    found: dict[int, bytes] = {}
    for first, last in _stretches(sorted(wanted)):
        async for lines in lines_after(connection, first - 1, last):
            found.update((line.entry_id, line.bytes()) for line in lines if line.entry_id in wanted)
    return found


def _stretches(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring ids together: first and last of each stretch."""
    start = 0
    for at in range(1, len(ids) + 1):
        if at == len(ids) or ids[at] - ids[at - 1] > FAR:
            yield ids[start], ids[at - 1]
            start = at
