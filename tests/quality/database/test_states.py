"""State machines and guards of the quality tables, tried by raw SQL: what is not allowed is refused by the database."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.quality.conftest import SHA

from opsroom.core.db.engine import Database
from opsroom.core.db.rules import States, states_of
from opsroom.quality.resources import RESOURCES

TABLES = {resource.table.name: resource.table for resource in RESOURCES}
MACHINES: dict[str, States] = {name: machine for name, table in TABLES.items() for machine in states_of(table).values()}

# What else a row needs to be in a state, beside the state itself.
NEEDS = {
    ("inspections", "in_progress"): ", started_at = '2026-02-01'",
    ("inspections", "completed"): ", completed_at = '2026-02-02', result = 'accepted'",
    ("inspections", "failed"): ", completed_at = '2026-02-02'",
    ("defects", "rejected"): ", comment = 'dust'",
    ("inference_jobs", "succeeded"): ", outputs = '{}'",
    ("inference_jobs", "failed"): ", error = 'x'",
    ("inference_jobs", "timed_out"): ", error = 'x'",
    ("nonconformances", "contained"): ", containment = 'x'",
    ("nonconformances", "analysed"): ", cause = 'x'",
    ("nonconformances", "closed"): ", closed_at = '2026-02-02'",
    ("corrective_actions", "done"): ", done_at = '2026-02-01'",
    ("corrective_actions", "effective"): ", effectiveness_result = 'x', checked_by = 'wanjiru'",
    ("corrective_actions", "ineffective"): ", effectiveness_result = 'x', checked_by = 'wanjiru'",
}
# What has to be there before a row may enter a state.
BEFORE = {
    ("lots", "released"): (
        "UPDATE defects SET review_status = 'confirmed'",
        "UPDATE inspections SET status = 'in_progress', started_at = '2026-02-01' WHERE lot_id = :lots",
        (
            "UPDATE inspections SET status = 'completed', completed_at = '2026-02-02', result = 'accepted' "
            "WHERE lot_id = :lots"
        ),
        (
            "INSERT INTO signatures (id, record_table, record_id, signer_id, printed_name, meaning, "
            "signed_at, session_id, "
            "record_sha256, canonical_record) SELECT id, 'lots', id, :users, 'w', 'release', '2026-02-02', "
            f"id, '{SHA}', "
            "'{}' FROM lots WHERE id = :lots"
        ),
    ),
    ("inspections", "completed"): ("UPDATE defects SET review_status = 'confirmed'",),
    ("nonconformances", "closed"): (
        "UPDATE corrective_actions SET status = 'done', done_at = '2026-02-01'",
        "UPDATE corrective_actions SET status = 'effective', effectiveness_result = 'x', checked_by = 'wanjiru'",
    ),
}


def way_to(machine: States, goal: str) -> list[str]:
    """The states on a shortest way from the beginning to the goal, both ends included."""
    ways = [[machine.initial[0]]]
    for way in ways:
        if way[-1] == goal:
            return way
        ways += [[*way, after] for after in machine.moves[way[-1]] if after not in way]
    raise LookupError(f"{goal} cannot be reached")


def steps_to(table: str, goal: str) -> list[str]:
    machine = MACHINES[table]
    steps: list[str] = []
    for state in way_to(machine, goal)[1:]:
        steps += BEFORE.get((table, state), ())
        steps.append(move(table, state))
    return steps


def move(table: str, state: str) -> str:
    column = MACHINES[table].column
    return f"UPDATE {table} SET {column} = '{state}'{NEEDS.get((table, state), '')} WHERE id = :{table}"


def keys(world: Any, url: str) -> dict[str, Any]:
    found = {name: record.id for name, record in world.records.items()}
    return {name: value.hex for name, value in found.items()} if url.startswith("sqlite") else found


def test_six_tables_have_state_machines_and_each_state_is_one_of_the_enumeration() -> None:
    assert set(MACHINES) == {
        "lots", "inspections", "defects", "inference_jobs", "nonconformances", "corrective_actions",
    }  # fmt: skip
    for name, machine in MACHINES.items():
        kinds: Any = TABLES[name].c[machine.column].type
        assert set(machine.moves) == set(kinds.enums), name
        assert set().union(*machine.moves.values(), machine.initial) == set(kinds.enums), "each can be reached"


@pytest.mark.parametrize("table", MACHINES)
async def test_only_the_moves_of_the_machine_are_possible(
    world: Any, database: Database, database_url: str, table: str
) -> None:
    machine, values = MACHINES[table], keys(world, database_url)
    wrong = []
    for before in machine.moves:
        for after in machine.moves:
            if before == after:
                continue
            moved = await _moves(database, [*steps_to(table, before), *_ready(table, before, after)], values)
            if moved != machine.allows(before, after):
                wrong.append(f"{before} -> {after}: {'taken' if moved else 'refused'}")
    assert wrong == []


def _ready(table: str, before: str, after: str) -> list[str]:
    """The move itself, with what it needs when it is one that is allowed."""
    allowed = MACHINES[table].allows(before, after)
    needed = BEFORE.get((table, after), ()) if allowed and before not in {"released", "completed"} else ()
    return [*needed, move(table, after)]


async def _moves(database: Database, steps: list[str], values: dict[str, Any]) -> bool:
    """Whether the last step is taken; those before it must be."""
    async with database.transaction() as session:
        try:
            for step in steps[:-1]:
                await session.execute(text(step), {k: v for k, v in values.items() if f":{k}" in step})
            try:
                await session.execute(text(steps[-1]), {k: v for k, v in values.items() if f":{k}" in steps[-1]})
            except IntegrityError:
                return False
            return True
        finally:
            await session.rollback()


@pytest.mark.parametrize("table", MACHINES)
async def test_no_record_begins_half_way(world: Any, attempt: Any, database_url: str, table: str) -> None:
    machine, values = MACHINES[table], keys(world, database_url)
    columns = ", ".join(f'"{name}"' for name in TABLES[table].columns.keys())  # noqa: SIM118  columns by name
    for state in set(machine.moves) - set(machine.initial):
        taken = {"id": ":users", machine.column: f"'{state}'"}
        picked = ", ".join(taken.get(c.name, f't."{c.name}"') for c in TABLES[table].columns)
        error = await attempt(
            f"INSERT INTO {table} ({columns}) SELECT {picked} FROM {table} t WHERE id = :{table}", **values
        )
        assert error is not None, state
        assert "A new record has the" in error


REFUSED: list[tuple[str, list[str]]] = [
    ("lot_on_hold", [
        "UPDATE lots SET on_hold = true, hold_reason = 'x', held_by = 'x', held_at = '2026-01-01' WHERE id = :lots",
        *steps_to("lots", "released"),
    ]),
    ("inspections_unfinished", [*steps_to("lots", "in_inspection"), move("lots", "released")]),
    ("not_inspected", [
        *steps_to("lots", "in_inspection"), move("inspections", "cancelled"), move("lots", "released"),
    ]),
    ("inspection_not_passed", [
        *steps_to("lots", "in_inspection"), "UPDATE defects SET review_status = 'confirmed'",
        move("inspections", "in_progress"),
        move("inspections", "completed").replace("accepted", "rejected"),
        ("INSERT INTO inspections (id, lot_id, part_revision_id, type) SELECT :users, lot_id, "
        "part_revision_id, 'audit' "
        "FROM inspections WHERE id = :inspections"),
        "UPDATE inspections SET status = 'in_progress', started_at = '2026-02-01' WHERE id = :users",
        ("UPDATE inspections SET status = 'completed', completed_at = '2026-02-02', result = 'accepted' "
        "WHERE id = :users"),
        move("lots", "released"),
    ]),
    ("open_nonconformance", [
        "UPDATE nonconformances SET lot_id = :lots", *steps_to("lots", "released"),
    ]),
    ("release_not_signed", [
        *steps_to("lots", "in_inspection"), *BEFORE["lots", "released"][:-1], move("lots", "released"),
    ]),
    ("released_lot_changed", [*steps_to("lots", "released"), "UPDATE lots SET quantity = 7 WHERE id = :lots"]),
    ("released_genealogy_kept", [*steps_to("lots", "released"), "DELETE FROM lot_parents"]),
    ("released_lot_kept", [*steps_to("lots", "released"), "DELETE FROM lots WHERE id = :lots"]),
    ("signed_lot_kept", ["DELETE FROM lots"]),
    ("legal_hold", [
        "UPDATE lots SET legal_hold = true, legal_hold_reason = 'court'", "DELETE FROM lots WHERE id = :lots",
    ]),
    ("legal_hold", [
        "UPDATE lots SET legal_hold = true, legal_hold_reason = 'court'",
        "DELETE FROM inspections WHERE id = :inspections",
    ]),
    ("lot_among_its_own_parents", [
        "INSERT INTO lot_parents (id, lot_id, parent_id) SELECT :users, parent_id, lot_id FROM lot_parents",
    ]),
    ("parents_stay", ["UPDATE lot_parents SET lot_id = parent_id, parent_id = lot_id"]),
    ("lot_is_decided", [
        "UPDATE lots SET status = 'rejected'",
        ("INSERT INTO inspections (id, lot_id, part_revision_id, type) SELECT :users, lot_id, "
        "part_revision_id, 'final' "
        "FROM inspections WHERE id = :inspections"),
    ]),
    ("inspection_moved", ["UPDATE inspections SET type = 'audit'"]),
    ("second_person_stays", [
        "UPDATE inspections SET second_person = true", "UPDATE inspections SET second_person = false"]),
    ("open_findings", [
        move("inspections", "in_progress"), move("inspections", "completed"),
    ]),
    ("unconfirmed_measurements", [
        "UPDATE defects SET review_status = 'confirmed'", "UPDATE measurements SET within_limits = false",
        move("inspections", "in_progress"), move("inspections", "completed"),
    ]),
    ("critical_finding_accepted", [
        ("UPDATE defects SET severity = 'critical', severity_rank = 4, second_person = true, "
        "first_reviewer_id = :users, second_reviewer_id = :another, review_status = 'confirmed' WHERE id = :defects"),
        "UPDATE defects SET review_status = 'confirmed' WHERE id <> :defects",
        move("inspections", "in_progress"), move("inspections", "completed"),
    ]),
    ("begun_inspection_kept", [move("inspections", "in_progress"), "DELETE FROM inspections WHERE id = :inspections"]),
    ("begun_inspection_kept", [move("inspections", "in_progress"), "DELETE FROM measurements"]),
    ("begun_inspection_kept", [move("inspections", "in_progress"), "DELETE FROM defects WHERE id = :defects"]),
    ("begun_inspection_kept", [
        move("inspections", "in_progress"), "UPDATE defects SET inference_job_id = NULL", "DELETE FROM inference_jobs",
    ]),
    ("signed_inspection_kept", [
        BEFORE["lots", "released"][-1].replace("'lots', id", "'inspections', :inspections"),
        "DELETE FROM inspections WHERE id = :inspections",
    ]),
    ("plan_kept", ["UPDATE sampling_plans SET ac = 0"]),
    ("plan_of_a_begun_inspection", [move("inspections", "in_progress"), "DELETE FROM sampling_plans"]),
    ("gauge_out_of_calibration", [
        "UPDATE gauges SET calibration_due = '2001-01-01'",
        ("INSERT INTO measurements (id, inspection_id, characteristic, unit_number, value, gauge_id, operator, manual, "
        "within_limits) SELECT :users, inspection_id, 'bore', 2, 12, gauge_id, 'w', manual, within_limits "
        "FROM measurements"),
    ]),
    ("inspection_ended", [
        *steps_to("inspections", "failed"), "UPDATE measurements SET value = 11.95",
    ]),
    ("inspection_ended", [
        *steps_to("inspections", "failed"), "UPDATE defects SET type = 'dent' WHERE id = :defects",
    ]),
    ("model_verdict_kept", ["UPDATE defects SET model_verdict = NULL WHERE id = :defects"]),
    ("second_person_stays", ["UPDATE defects SET second_person = true", "UPDATE defects SET second_person = false"]),
    ("inputs_kept", ["UPDATE inference_jobs SET model_version = '2'"]),
    ("outputs_kept", [*steps_to("inference_jobs", "succeeded"), "UPDATE inference_jobs SET outputs = '[1]'"]),
    ("specifications_need_a_revision", ["UPDATE parts SET specifications = '{}'"]),
    ("actions_unfinished", [*steps_to("nonconformances", "analysed"), move("nonconformances", "closed")]),
    ("no_effective_action", [
        *steps_to("nonconformances", "analysed"), "UPDATE corrective_actions SET status = 'cancelled'",
        move("nonconformances", "closed"),
    ]),
    ("closed_nonconformance_kept", [
        *steps_to("nonconformances", "closed"), "UPDATE nonconformances SET cause = 'another'",
    ]),
    ("nonconformance_kept", ["DELETE FROM nonconformances"]),
    ("nonconformance_closed", [
        *steps_to("nonconformances", "closed"),
        ("INSERT INTO corrective_actions (id, nonconformance_id, type, description, owner, due_on, "
        "effectiveness_check) "
        "SELECT :users, nonconformance_id, type, 'x', 'x', due_on, 'x' FROM corrective_actions"),
    ]),
    ("image_kept", ["UPDATE inspection_images SET unit_number = 2"]),
    ("action_kept", ["DELETE FROM corrective_actions"]),
    ("signature_kept", ["UPDATE signatures SET meaning = 'release'"]),
    ("signature_kept", [
        "UPDATE signatures SET superseded_at = '2026-01-01'", "UPDATE signatures SET superseded_at = NULL"]),
    ("signature_never_deleted", ["DELETE FROM signatures"]),
    ("open_critical_finding", [
        *steps_to("lots", "released")[:-1],
        ("INSERT INTO inspections (id, lot_id, part_revision_id, type) SELECT :users, lot_id, "
        "part_revision_id, 'audit' "
        "FROM inspections WHERE id = :inspections"),
        ("INSERT INTO defects (id, inspection_id, type, severity, severity_rank, detection_method, second_person) "
        "SELECT :users, id, 'crack', 'critical', 4, 'manual', true FROM inspections WHERE id = :users"),
        "UPDATE inspections SET status = 'cancelled' WHERE id = :users",
        move("lots", "released"),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "steps"), REFUSED, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(REFUSED)])
async def test_what_a_rule_forbids_is_refused_by_the_database(
    world: Any, attempt: Any, database_url: str, rule: str, steps: list[str]
) -> None:
    another = world.others["user"].id
    values = keys(world, database_url) | {"another": another.hex if database_url.startswith("sqlite") else another}
    error = await attempt(*steps, **values)
    assert error is not None, "the database did it"
    assert f" {rule}: " in error


def test_every_rule_is_tried() -> None:
    declared = {
        each.name for table in TABLES.values() for each in table.info.get("rules", ()) if type(each).__name__ == "Rule"
    }
    assert declared == {rule for rule, _ in REFUSED}


async def test_a_draft_inspection_takes_everything_with_it(world: Any, database: Database, database_url: str) -> None:
    values = keys(world, database_url)
    async with database.transaction() as session:
        draft = {"inspections": values["inspections"]}
        await session.execute(text("DELETE FROM inspections WHERE id = :inspections"), draft)
        for table in ("measurements", "sampling_plans", "inference_jobs"):
            assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        left = await session.scalar(text("SELECT count(*) FROM defects"))
    assert left == 1, "that of the other inspection"


CHANGES = [
    "UPDATE lots SET supplier = 'Nordguss' WHERE lot_number = 'L-1'",
    "UPDATE lot_parents SET quantity = 4",
    "DELETE FROM lot_parents",
    "UPDATE inspections SET priority = 9 WHERE id = :inspections",
    "UPDATE measurements SET value = 12.01",
    "DELETE FROM measurements",
    "UPDATE defects SET severity = 'major', severity_rank = 3 WHERE id = :defects",
    "DELETE FROM inspections WHERE id = :inspections",
]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_marks_the_signatures_of_the_record_as_superseded(
    world: Any, database: Database, database_url: str, change: str
) -> None:
    values = keys(world, database_url)
    sign = BEFORE["lots", "released"][-1]
    async with database.transaction() as session:
        await session.execute(text(sign), {name: values[name] for name in ("lots", "users")})
        await session.execute(text(change), {k: v for k, v in values.items() if f":{k}" in change})
        rows = (await session.execute(text("SELECT meaning, superseded_at FROM signatures ORDER BY meaning"))).all()
    assert [(row.meaning, row.superseded_at is not None) for row in rows] == [("release", True), ("review", False)]


async def test_what_is_no_content_leaves_signatures_as_they_are(
    world: Any, database: Database, database_url: str
) -> None:
    values = keys(world, database_url)
    async with database.transaction() as session:
        sign = BEFORE["lots", "released"][-1]
        await session.execute(text(sign), {name: values[name] for name in ("lots", "users")})
        await session.execute(
            text("UPDATE lots SET on_hold = true, hold_reason = 'x', held_by = 'x', held_at = '2026-01-01'")
        )
        assert await session.scalar(text("SELECT count(*) FROM signatures WHERE superseded_at IS NOT NULL")) == 0
