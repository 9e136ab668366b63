"""What is sealed stays provable, and whatever is done to it afterwards is found and named."""

from collections.abc import Sequence

import pytest
from sqlalchemy import text
from tests.core.audit.sealed.conftest import Tamper, Write

from opsroom.core.audit.sealed.exporting import consistency_of, proof_of_all
from opsroom.core.audit.sealed.lines import AT_A_TIME, lines_after
from opsroom.core.audit.sealed.merkle import is_consistent, is_included, leaf_hash
from opsroom.core.audit.sealed.notes import Signer, opened, signer_of
from opsroom.core.audit.sealed.one_proof import proof_of
from opsroom.core.audit.sealed.sealing import seal
from opsroom.core.audit.sealed.verification import Verdict, verify
from opsroom.core.db.engine import Database
from opsroom.core.errors import NotFound


async def verdict(database: Database, signer: Signer, kept: Sequence[str] = ()) -> Verdict:
    async with database.reading() as connection:
        return await verify(connection, [signer.verifier_key], kept)


async def findings(database: Database, signer: Signer, kept: Sequence[str] = ()) -> tuple[str, ...]:
    return (await verdict(database, signer, kept)).findings


async def test_everything_that_was_written_is_sealed_once(database: Database, write: Write, signer: Signer) -> None:
    await write(3)
    first = await seal(database, [signer])
    again = await seal(database, [signer])
    assert (again.size, again.added, again.note) == (first.size, 0, first.note)
    await write(2)
    assert (await seal(database, [signer])).size == first.size + 2
    found = await verdict(database, signer)
    assert (found.size, found.checkpoints, found.unsealed, found.findings) == (first.size + 2, 2, 0, ())


async def test_every_entry_can_be_proved_across_the_borders_of_tiles(
    database: Database, write: Write, signer: Signer
) -> None:
    ids = await write(255) + await write(2)
    old = await seal(database, [signer])
    ids += await write(300)
    new = await seal(database, [signer])
    signed = opened(new.note, signer.verifier_key)
    assert signed is not None
    async with database.reading() as connection:
        for entry_id in (ids[0], ids[254], ids[255], ids[256], ids[300], ids[-1]):
            proof = await proof_of(database, entry_id)
            path = [bytes.fromhex(each) for each in proof["path"]]
            assert is_included(leaf_hash(proof["line"].encode()), proof["index"], new.size, path, signed.root)
        consistency = await consistency_of(connection, old.size)
    before = opened(old.note, signer.verifier_key)
    assert before is not None
    path = [bytes.fromhex(each) for each in consistency["path"]]
    assert is_consistent(old.size, new.size, path, before.root, signed.root)


async def test_an_entry_that_is_not_sealed_yet_has_no_proof(database: Database, write: Write, signer: Signer) -> None:
    await seal(database, [signer])
    (entry_id,) = await write(1)
    with pytest.raises(NotFound, match=f"no sealed entry {entry_id}"):
        await proof_of(database, entry_id)
    assert (await verdict(database, signer)).unsealed == 1


async def test_the_proof_of_one_entry_is_its_part_of_the_proof_of_many(
    database: Database, write: Write, signer: Signer
) -> None:
    await seal(database, [signer])
    ids = await write(700)
    await seal(database, [signer])
    async with database.reading() as connection:
        many = await proof_of_all(connection, ids)
    together = {"checkpoint": many["checkpoint"], "keys": many["keys"]}
    for entry_id, entry in list(zip(ids, many["entries"], strict=True))[::47]:
        assert await proof_of(database, entry_id) == entry | together


async def test_nothing_is_proved_before_the_first_sealing_nor_of_an_entry_that_is_gone(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    ids = await write(3)
    with pytest.raises(NotFound, match="Nothing is sealed yet"):
        await proof_of(database, ids[0])
    await seal(database, [signer])
    await tamper(f"DELETE FROM audit_entries WHERE id = {ids[1]}")
    with pytest.raises(NotFound, match=f"Entry {ids[1]} was sealed and is gone"):
        await proof_of(database, ids[1])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_late_entry_is_proved_from_the_tile_it_came_to(
    database: Database, write: Write, signer: Signer
) -> None:
    async with database.transaction() as late:
        await late.execute(text("INSERT INTO audit_log (action, event) VALUES ('access', 'tests.thing.late')"))
        ids = await write(300)
        await seal(database, [signer])
        inside = await late.scalar(text("SELECT max(id) FROM audit_entries WHERE event = 'tests.thing.late'"))
    assert inside < ids[0]
    sealed = await seal(database, [signer])
    proof = await proof_of(database, inside)
    signed = opened(sealed.note, signer.verifier_key)
    assert signed is not None
    path = [bytes.fromhex(each) for each in proof["path"]]
    assert proof["index"] == sealed.size - 1
    assert is_included(leaf_hash(proof["line"].encode()), proof["index"], sealed.size, path, signed.root)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_an_entry_that_commits_late_becomes_a_later_leaf(
    database: Database, write: Write, signer: Signer
) -> None:
    async with database.transaction() as late:
        await late.execute(text("INSERT INTO audit_log (action, event) VALUES ('access', 'tests.thing.late')"))
        await write(5)
        size = (await seal(database, [signer])).size
    assert (await seal(database, [signer])).size == size + 1
    for _ in range(3):
        await write(1)
        await seal(database, [signer])
    found = await verdict(database, signer)
    assert (found.size, found.findings) == (size + 4, ())


async def test_entries_beyond_a_wide_gap_of_ids_are_sealed_too(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    ids = await write(3)
    far = ids[-1] + 10 * AT_A_TIME
    await tamper(f"UPDATE audit_entries SET id = {far} WHERE id = {ids[-1]}")
    sealed = await seal(database, [signer])
    assert (await verdict(database, signer)).findings == ()
    assert (await proof_of(database, far))["index"] == sealed.size - 1
    async with database.reading() as connection:
        batches = [batch async for batch in lines_after(connection, ids[0], far - 1)]
    assert [[line.entry_id for line in batch] for batch in batches] == [[ids[1]]]


ALTERED = {
    "facts": "UPDATE audit_entries SET facts = '{{\"number\": 7}}' WHERE id = {entry}",
    "level": "UPDATE audit_entries SET level = 'error' WHERE id = {entry}",
    "event": "UPDATE audit_entries SET event = 'tests.thing.else' WHERE id = {entry}",
}


@pytest.mark.parametrize("field", ALTERED)
async def test_an_altered_entry_is_named(
    database: Database, write: Write, tamper: Tamper, signer: Signer, field: str
) -> None:
    ids = await write(4)
    await seal(database, [signer])
    await tamper(ALTERED[field].format(entry=ids[1]))
    assert await findings(database, signer) == (f"Entry {ids[1]} was altered after it was sealed.",)


async def test_who_is_said_to_have_done_it_cannot_be_altered_either(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    ids = await write(2)
    await seal(database, [signer])
    newest = "(SELECT max(id) FROM audit_transactions)"
    await tamper(f"UPDATE audit_transactions SET user_name = 'somebody else' WHERE id = {newest}")
    assert await findings(database, signer) == tuple(f"Entry {each} was altered after it was sealed." for each in ids)


async def test_a_removed_entry_is_named_also_when_it_was_the_last(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    ids = await write(4)
    await seal(database, [signer])
    await tamper(f"DELETE FROM audit_entries WHERE id IN ({ids[1]}, {ids[3]})")
    assert await findings(database, signer) == tuple(
        f"Entry {each} was removed after it was sealed." for each in (ids[1], ids[3])
    )


async def test_an_inserted_entry_is_named(database: Database, write: Write, tamper: Tamper, signer: Signer) -> None:
    for _ in range(4):
        await write(1)
        await seal(database, [signer])
    await tamper(
        "INSERT INTO audit_entries (id, transaction_id, action, level, event) SELECT -5, transaction_id, action, "
        "level, event FROM audit_entries WHERE id = (SELECT max(id) FROM audit_entries)"
    )
    assert await findings(database, signer) == ("Entry -5 appeared among entries that had been sealed without it.",)


async def test_two_entries_that_changed_places_are_named(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    one, two = await write(2)
    await seal(database, [signer])
    for old, new in ((one, -1), (two, one), (-1, two)):
        await tamper(f"UPDATE audit_entries SET id = {new} WHERE id = {old}")
    assert await findings(database, signer) == tuple(
        f"Entry {each} was altered after it was sealed." for each in (one, two)
    )


async def test_a_trail_cut_short_with_its_tree_is_found_by_a_kept_checkpoint(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    await write(2)
    await seal(database, [signer])
    (entry,) = await write(1)
    cut = await seal(database, [signer])
    await tamper(f"DELETE FROM audit_entries WHERE id = {entry}")
    await tamper("DELETE FROM audit_checkpoints WHERE id = (SELECT max(id) FROM audit_checkpoints)")
    await tamper(
        "UPDATE audit_tiles SET hashes = substr(hashes, 1, length(hashes) - 32), "
        "entry_ids = substr(entry_ids, 1, length(entry_ids) - 8)"
    )
    assert await findings(database, signer) == ()
    assert await findings(database, signer, [cut.note]) == (
        f"A kept checkpoint speaks of {cut.size} entries, but only {cut.size - 1} are left.",
    )


async def test_a_tree_made_anew_over_a_changed_trail_is_not_the_one_that_was_signed(
    database: Database, write: Write, tamper: Tamper, signer: Signer
) -> None:
    ids = await write(3)
    kept = (await seal(database, [signer])).note
    await tamper(f"UPDATE audit_entries SET level = 'debug' WHERE id = {ids[0]}")
    await tamper("DELETE FROM audit_tiles")
    await tamper("DELETE FROM audit_checkpoints")
    forger = signer_of("another secret, of somebody else entirely", "tests")
    await seal(database, [forger])
    assert await findings(database, forger) == ()
    unsigned, of_another = await findings(database, signer, [kept])
    assert "bears no signature of a trusted key" in unsigned
    assert "is of another trail" in of_another


async def test_keys_change_while_both_sign(database: Database, write: Write, signer: Signer) -> None:
    new = signer_of("the key that comes after the first one", "tests")
    for signers in ([signer], [new, signer], [new]):
        await write(1)
        await seal(database, signers)
    assert await findings(database, new) == ()
    assert len(await findings(database, signer)) == 1  # the last was signed by a key that who asks does not know
