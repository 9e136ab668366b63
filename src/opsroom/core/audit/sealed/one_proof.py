"""The proof of one entry: two short statements by the bare driver, however long the trail is."""

import json
from functools import partial
from typing import Any

from opsroom.core.audit.sealed.exporting import as_entry, proof_of_all, signed_as
from opsroom.core.audit.sealed.lines import line_of
from opsroom.core.audit.sealed.merkle import inclusion_path
from opsroom.core.audit.sealed.tiles import WIDTH, Place, computed_of, entry_ids, places_of
from opsroom.core.db.engine import POSTGRESQL, SQLITE, Database
from opsroom.core.errors import NotFound

# The checkpoint, the first tile that may hold the entry, and the entry's line.
FOUND = """
SELECT newest.note, newest.keys, newest.size, tile.position, tile.entry_ids, ({line})
FROM (SELECT note, keys, size FROM audit_checkpoints ORDER BY id DESC LIMIT 1) newest
LEFT JOIN (
    SELECT position, entry_ids FROM audit_tiles WHERE first_entry <= {entry} AND last_entry >= {entry}
    ORDER BY last_entry LIMIT 1
) tile ON true
"""
ENTRY = {POSTGRESQL: "$1", SQLITE: "?1"}
FIND = {name: FOUND.format(entry=entry, line=line_of(name, entry)) for name, entry in ENTRY.items()}

# Of any number of places, so that the statement is one and the same for all proofs.
TILES = {
    POSTGRESQL: (
        "SELECT level, position, hashes FROM audit_tiles "
        "JOIN unnest($1::integer[], $2::bigint[]) AS wanted (level, position) USING (level, position)"
    ),
    SQLITE: (
        "SELECT level, position, hashes FROM json_each(?1) AS a JOIN json_each(?2) AS b ON a.key = b.key "
        "CROSS JOIN audit_tiles ON level = a.value AND position = b.value"
    ),
}


async def proof_of(database: Database, entry_id: int) -> dict[str, Any]:
    """One entry, its path to a signed root, and the checkpoint: what `verify_trail.py` takes as a file.

    Raises:
        NotFound: there is no such entry, or it waits to be sealed.
    """
    rows = await database.direct.fetch(FIND[database.dialect_name], (entry_id,))
    for note, keys, size, position, ids, line in rows:
        held = entry_ids(ids).tolist()
        index = position * WIDTH + held.index(entry_id) if entry_id in held else size
        if index < size and line is not None:
            path = partial(inclusion_path, index, size)
            steps = computed_of(await _tiles(database, places_of(path)), path)
            return as_entry(line, index, steps) | signed_as(note, keys)
    return await _looked_for(database, entry_id)


async def _looked_for(database: Database, entry_id: int) -> dict[str, Any]:
    """It was committed so late that it stands in another tile, or there is none."""
    async with database.reading() as connection:
        proof = await proof_of_all(connection, [entry_id])
    if not proof["entries"]:
        raise NotFound(f"There is no sealed entry {entry_id}; entries are sealed some minutes after they were written.")
    (entry,) = proof.pop("entries")
    return {**entry, **proof}


async def _tiles(database: Database, places: set[Place]) -> list[tuple[Place, bytes]]:
    columns = [level for level, _ in places], [position for _, position in places]
    wanted = columns if database.is_postgresql else tuple(json.dumps(column) for column in columns)
    rows = await database.direct.fetch(TILES[database.dialect_name], wanted)
    return [((level, position), hashes) for level, position, hashes in rows]
