"""The tree in the database: 256 hashes a row, read for a proof and extended by sealing."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from sqlalchemy import delete, false, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.audit.sealed.merkle import Node, full_root, nodes_of
from opsroom.core.audit.sealed.models import AuditTile

T = TypeVar("T")
Place = tuple[int, int]  # level of tiles, position

WIDTH = 256
WIDTH_BITS = 8
HASH_BYTES = 32
ID_BYTES = 8
ID_TYPE = ">i8"


@dataclass(frozen=True, slots=True)
class Leaf:
    hash: bytes
    entry_id: int


async def size_of_tree(connection: AsyncConnection) -> int:
    """How many leaves there are."""
    newest = select(AuditTile.position, AuditTile.hashes).where(AuditTile.level == 0)
    row = (await connection.execute(newest.order_by(AuditTile.position.desc()).limit(1))).first()
    return 0 if row is None else row.position * WIDTH + len(row.hashes) // HASH_BYTES


async def computed(connection: AsyncConnection, compute: Callable[[Node], T]) -> T:
    """What `compute` makes of the tree's nodes."""
    return computed_of(await _read(connection, places_of(compute)), compute)


def places_of(compute: Callable[[Node], object]) -> set[Place]:
    """Which tiles it reads. It is called for that with nodes that are nothing."""
    wanted: set[Place] = set()

    def learn(level: int, index: int) -> bytes:
        wanted.add(_place(level, index)[0])
        return b""

    compute(learn)
    return wanted


def computed_of(tiles: Iterable[tuple[Place, bytes]], compute: Callable[[Node], T]) -> T:
    """What it makes of the nodes of these tiles."""
    rows = {place: nodes_of(_split(blob)) for place, blob in tiles}

    def node(level: int, index: int) -> bytes:
        place, inner = _place(level, index)
        return rows[place](level % WIDTH_BITS, inner)

    return compute(node)


async def indexes_of(connection: AsyncConnection, wanted: Iterable[int]) -> dict[int, int]:
    """Which leaves the entries are; those that are not sealed are left out."""
    left, found = set(wanted), dict[int, int]()
    while left:
        entry_id = min(left)
        async for position, blob in _tiles_around(connection, entry_id):
            ids = entry_ids(blob).tolist()
            found |= {each: position * WIDTH + at for at, each in enumerate(ids) if each in left}
            if entry_id in found:
                break
        left -= {entry_id, *found}
    return found


async def _tiles_around(connection: AsyncConnection, entry_id: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """Those that may hold the entry. Tiles overlap by what was committed late: it is nearly always in the first."""
    # Only tiles of leaves have entries; asked for their level too, SQLite would read all of them by their key.
    # One at a time: looking for a second one where there is none, the database would go through all that follow.
    around = select(AuditTile.position, AuditTile.entry_ids, AuditTile.last_entry).where(
        AuditTile.first_entry <= entry_id
    )
    reached = entry_id
    while True:
        next_one = around.where(AuditTile.last_entry >= reached).order_by(AuditTile.last_entry).limit(1)
        row = (await connection.execute(next_one)).first()
        if row is None:
            return
        yield int(row.position), row.entry_ids
        reached = row.last_entry + 1


async def entries_above(connection: AsyncConnection, entry_id: int) -> set[int]:
    """The sealed entries with greater ids."""
    tiles = select(AuditTile.entry_ids).where(AuditTile.level == 0, AuditTile.last_entry > entry_id)
    blobs = (await connection.scalars(tiles)).all()
    return {int(each) for blob in blobs if blob for each in entry_ids(blob) if each > entry_id}


async def extend(connection: AsyncConnection, size: int, leaves: Sequence[Leaf]) -> None:
    """Append leaves to a tree that has `size` of them."""
    hashes: list[bytes] = [leaf.hash for leaf in leaves]
    ids: list[int] | None = [leaf.entry_id for leaf in leaves]
    level = 0
    while hashes:
        position, used = divmod(size, WIDTH)
        if used:
            kept_hashes, kept_ids = await _last(connection, level, position)
            hashes = kept_hashes + hashes
            ids = None if ids is None else kept_ids + ids
        rows = list(_rows(level, position, hashes, ids))
        places = [row["position"] for row in rows]
        await connection.execute(delete(AuditTile).where(AuditTile.level == level, AuditTile.position.in_(places[:1])))
        await connection.execute(insert(AuditTile), rows)
        hashes = [full_root(hashes[at : at + WIDTH]) for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]
        ids, size, level = None, size // WIDTH, level + 1


def entry_ids(blob: bytes | None) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.frombuffer(blob or b"", dtype=ID_TYPE).astype(np.int64)


def _rows(level: int, position: int, hashes: list[bytes], ids: list[int] | None) -> Iterator[dict[str, object]]:
    for at in range(0, len(hashes), WIDTH):
        behind = None if ids is None else ids[at : at + WIDTH]
        yield {
            "level": level,
            "position": position + at // WIDTH,
            "hashes": b"".join(hashes[at : at + WIDTH]),
            "entry_ids": None if behind is None else np.array(behind, dtype=ID_TYPE).tobytes(),
            "first_entry": None if behind is None else min(behind),
            "last_entry": None if behind is None else max(behind),
        }


async def _last(connection: AsyncConnection, level: int, position: int) -> tuple[list[bytes], list[int]]:
    wanted = select(AuditTile.hashes, AuditTile.entry_ids).where(
        AuditTile.level == level, AuditTile.position == position
    )
    row = (await connection.execute(wanted)).one()
    return _split(row.hashes), [int(each) for each in entry_ids(row.entry_ids)]


async def _read(connection: AsyncConnection, places: Iterable[Place]) -> list[tuple[Place, bytes]]:
    # Level by level: SQLite reads the whole table for a list of pairs.
    of_levels = [
        (AuditTile.level == level) & AuditTile.position.in_([position for each, position in places if each == level])
        for level in {level for level, _ in places}
    ]
    wanted = select(AuditTile.level, AuditTile.position, AuditTile.hashes).where(or_(false(), *of_levels))
    return [((row.level, row.position), row.hashes) for row in await connection.execute(wanted)]


def _place(level: int, index: int) -> tuple[Place, int]:
    """The tile in which a node is found, and its index on its level within."""
    inner_level = level % WIDTH_BITS
    per_tile = WIDTH >> inner_level
    return (level // WIDTH_BITS, index // per_tile), index % per_tile


def _split(blob: bytes) -> list[bytes]:
    return [blob[at : at + HASH_BYTES] for at in range(0, len(blob), HASH_BYTES)]
