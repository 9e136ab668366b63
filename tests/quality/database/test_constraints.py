"""Every check constraint of every quality table, tried by raw SQL."""

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Enum, Index, Table

from opsroom.quality.resources import RESOURCES

TABLES = {resource.table.name: resource.table for resource in RESOURCES}

# What breaks a constraint: the column list of an UPDATE of the one row of the world, or of several in turn.
BREAKS: dict[str, dict[str, str]] = {
    "parts": {"names": "part_number = ''"},
    "part_revisions": {},
    "stations": {
        "calibration_order": "calibrated_on = '2026-01-02', calibration_due = '2026-01-01'",
        "station_number": "station_number = ''",
    },
    "gauges": {
        "calibration_order": "calibrated_on = '2199-01-01'",
        "resolution": "resolution = 0",
        "gauge_number": "gauge_number = ''",
    },
    "lots": {
        "quantity": "quantity = 0",
        "lot_number": "lot_number = ''",
        "hold_is_whole": "on_hold = true",
        "legal_hold_has_a_reason": "legal_hold = true",
    },
    "lot_parents": {"quantity": "quantity = -1"},
    "inspections": {
        "priority": "priority = 11",
        "sample_size": "sample_size = 0",
        "times_in_order": "status = 'in_progress', started_at = '2026-02-02'; "
        "status = 'failed', completed_at = '2026-02-01'",
        "started": "status = 'in_progress'",
        "ended": "completed_at = '2026-02-01'",
        "has_a_result": "result = 'accepted'",
        "re_inspects_something": "",
        "replaces_another": "",
    },
    "sampling_plans": {},
    "measurements": {
        "unit_number": "unit_number = 0",
        "value_is_finite": "value = 2e300",
        "characteristic": "characteristic = ''",
        "confirmed_by_another": "confirmed_by_id = operator_id, confirmed_by = 'x', confirmed_at = '2199-01-01'",
        "confirmation_is_whole": "confirmed_by = 'x'",
        "confirmed_after_entry": "confirmed_by_id = :user, confirmed_by = 'x', confirmed_at = '2001-01-01'",
    },
    "defects": {
        "confidence": "confidence = 1.1",
        "uncertainty": "uncertainty = -0.1",
        "box_begins_inside": "box_x = -0.1",
        "box_has_an_area": "box_width = 0",
        "box_inside_image": "box_y = 0.95",
        "box_is_whole": "box_height = NULL",
        "size": "size = -1",
        "severity_rank": "severity_rank = 4",
        "critical_takes_two": "severity = 'critical', severity_rank = 4",
        "decided_by_two": "second_person = true, review_status = 'confirmed'",
        "two_different_people": "first_reviewer_id = :user, second_reviewer_id = :user",
        "first_before_second": "second_reviewer_id = :user",
        "rejected_with_a_reason": "review_status = 'rejected'",
    },
    "defect_reviews": {},
    "inference_jobs": {
        "priority": "priority = 0",
        "attempts": "attempts = -1",
        "threshold": "",
        "times": "queue_ms = -1",
        "model_sha256": "",
        "input_sha256": "",
        "success_has_outputs": "status = 'running'; status = 'succeeded'",
        "failure_has_a_reason": "status = 'failed'",
        "times_in_order": "finished_at = '2001-01-01'",
    },
    "nonconformances": {
        "number": "number = ''",
        "contained": "status = 'contained'",
        "analysed": "status = 'contained', containment = 'x'; status = 'analysed'",
        "closed": "closed_at = '2026-01-01'",
    },
    "corrective_actions": {
        "done": "status = 'done'",
        "checked": "status = 'done', done_at = '2026-01-01'; status = 'effective'",
        "checked_by_another": "status = 'done', done_at = '2026-01-01'; "
        "status = 'effective', checked_by = owner, effectiveness_result = 'x'",
        "times_in_order": "done_at = '2026-01-02', checked_at = '2026-01-01', status = 'done'",
    },
    "inspection_images": {},
    "signature_consents": {},
    "signatures": {},
}
# Rows that never change, or fields that rules keep, are tried by a copy of the row: column → another value.
COPIES: dict[str, dict[str, dict[str, str]]] = {
    "part_revisions": {"revision": {"revision": "''"}},
    "lot_parents": {"another_lot": {"parent_id": "lot_id"}},
    "inspections": {
        "re_inspects_something": {"type": "'re_inspection'"},
        "replaces_another": {"replaces_id": ":new_id"},
    },
    "sampling_plans": {
        "lot_size": {"lot_size": "1"},
        "n": {"n": "0"},
        "numbers_in_order": {"re": "0"},
        "aql": {"aql": "0"},
        "severity": {"severity": "'lenient'"},
        "level": {"level": "'IV'"},
    },
    "defect_reviews": {
        "position": {"position": "0"},
        "undo_names_its_step": {"position": "2", "undone_position": "1"},
        "undo_follows": {"position": "2", "undone_position": "2", "decision": "'undo'"},
    },
    "inference_jobs": {
        "threshold": {"threshold": "1.5"},
        "model_sha256": {"model_sha256": "'xyz'"},
        "input_sha256": {"input_sha256": "upper(input_sha256)"},
    },
    "inspection_images": {"unit_number": {"unit_number": "0"}, "has_an_area": {"width": "0"}},
    "signature_consents": {"statement": {"statement": "''"}},
    "signatures": {
        "record_sha256": {"record_sha256": "'g' || substr(record_sha256, 2)"},
        "printed_name": {"printed_name": "''"},
        "canonical_record": {"canonical_record": "''"},
    },
}
CASES = [(table, name) for table in TABLES for name in sorted({*BREAKS[table], *COPIES.get(table, {})})]


def checks_of(table: Table) -> set[str]:
    """The business rules among the check constraints; those of enumerations are tried by themselves."""
    enumerations = {f"ck_{table.name}_{c.type.name}" for c in table.columns if isinstance(c.type, Enum)}
    found = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)} - enumerations
    return {name.removeprefix(f"ck_{table.name}_") for name in found}


def copy_statement(table: Table, changes: dict[str, str]) -> str:
    values = {name: f't."{name}"' for name in table.columns.keys()} | {"id": ":new_id"}  # noqa: SIM118  columns by name
    values |= {name: changes[name] for name in changes}
    columns = ", ".join(f'"{name}"' for name in values)
    return (
        f"INSERT INTO {table.name} ({columns}) SELECT {', '.join(values.values())} FROM {table.name} t WHERE id = :id"
    )


def test_every_check_constraint_is_tried() -> None:
    tried = {table: {name for of, name in CASES if of == table} for table in TABLES}
    # `replaces_another` and `severity` of a plan share their names with nothing else.
    assert {table: checks_of(TABLES[table]) for table in TABLES} == tried


def test_there_are_as_many_constraints_and_indexes_as_were_asked_for() -> None:
    assert sum(len(checks_of(table)) for table in TABLES.values()) >= 20
    indexes = [index for table in TABLES.values() for index in table.indexes]
    assert len(indexes) >= 50
    assert sum(_is_gin(index) for index in indexes) >= 5
    assert sum(index.dialect_options["postgresql"]["where"] is not None for index in indexes) >= 6
    assert sum(len(index.columns) > 1 for index in indexes) >= 15


def _is_gin(index: Index) -> bool:
    return bool(index.dialect_options["postgresql"]["using"] == "gin")


def test_json_that_is_filtered_has_a_gin_index() -> None:
    for resource in RESOURCES:
        filtered = {f.name for f in resource.view.filterable if "contains" in f.operators} - {
            "polygon", "before", "after",  # geometry and history are looked at, not searched
        }  # fmt: skip
        table = resource.table
        covered = {column.name for index in table.indexes if _is_gin(index) for column in index.columns}
        if table.name != "part_revisions":  # a handful for each part, found by the part
            assert filtered <= covered, table.name


@pytest.mark.parametrize(("table", "name"), CASES)
async def test_a_broken_constraint_is_refused_by_the_database(
    world: Any, attempt: Any, database_url: str, table: str, name: str
) -> None:
    values = {"id": _key(world.id_of(table), database_url), "user": _key(world.others["user"].id, database_url)}
    change = BREAKS[table].get(name)
    if change:
        steps = [f"UPDATE {table} SET {step} WHERE id = :id" for step in change.split("; ")]
        error = await attempt(*steps, **values)
    else:
        new_id = _key(world.others["user"].id, database_url)
        error = await attempt(copy_statement(TABLES[table], COPIES[table][name]), **values, new_id=new_id)
    assert error is not None, "the database took it"
    assert f"ck_{table}_{name}" in error


@pytest.mark.parametrize(
    ("table", "column"),
    [(table.name, c.name) for table in TABLES.values() for c in table.columns if isinstance(c.type, Enum)],
)
async def test_a_word_that_is_not_in_its_enumeration_is_refused(
    world: Any, attempt: Any, database_url: str, table: str, column: str
) -> None:
    values = {"id": _key(world.id_of(table), database_url), "new_id": _key(world.others["user"].id, database_url)}
    error = await attempt(copy_statement(TABLES[table], {column: "'nonsense'"}), **values)
    assert error is not None, "the database took it"
    assert f"ck_{table}_" in error or "A new record has the" in error


def _key(value: Any, url: str) -> Any:
    return value.hex if url.startswith("sqlite") else value


def test_no_two_indexes_of_a_table_begin_alike_for_nothing() -> None:
    """An index that is the beginning of another, over the same rows, would only cost writes."""
    for table in TABLES.values():
        whole = [
            tuple(index.columns.keys())
            for index in table.indexes
            if index.dialect_options["postgresql"]["where"] is None and not _is_gin(index)
        ]
        for mine, theirs in ((a, b) for i, a in enumerate(whole) for j, b in enumerate(whole) if i != j):
            assert mine != theirs[: len(mine)], f"{table.name}: {mine} is the beginning of {theirs}"
