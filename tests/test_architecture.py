"""The rules of docs/architecture.md that import contracts cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table

import opsroom
from opsroom.apps import installed_apps
from opsroom.core.app import resolve
from opsroom.core.db.base import Base, plural_table_name

PACKAGE = Path(opsroom.__file__).parent
ROOT = PACKAGE.parents[1]
LONGEST_FILE = 400
LONGEST_RESOURCES = 900
VAGUE = {"utils", "helpers", "common", "misc", "manager", "managers", "base_classes"}
EXEMPT_FROM_ENTITY_RULES = {
    "schedules",
    "archived_sites",
    "store_observations",
    "sweep_marks",
    "workers",
    "alembic_version",
    "audit_transactions",
    "audit_checkpoints",
    "audit_entries",
    "audit_tiles",
}

for app in installed_apps():
    if app.models:
        resolve(app.models)


def python_files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


def relative(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def own_imports_inside_functions(path: Path) -> Iterator[int]:
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "opsroom":
                    yield node.lineno


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = {
        relative(path): lines for path in python_files() if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_what_makes_a_resource_of_a_declaration_stays_short() -> None:
    parts = ("resources/declaration", "db/filters", "resources/crud", "resources/routes", "resources/transfer")
    lines = {part: len((PACKAGE / f"core/{part}.py").read_text().splitlines()) for part in parts}
    assert sum(lines.values()) < LONGEST_RESOURCES, lines


def test_no_function_imports_our_own_code() -> None:
    found = {relative(path): lines for path in python_files() if (lines := list(own_imports_inside_functions(path)))}
    assert found == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [relative(path) for path in python_files() if path.stem in VAGUE] == []


def test_only_the_composition_root_the_commands_and_the_migrations_read_settings() -> None:
    readers = {"main.py", "migrations/env.py", "settings.py"}
    found = {
        relative(path)
        for path in python_files()
        if "opsroom.settings" in path.read_text() and not relative(path).startswith("commands/")
    }
    assert found <= readers | {"stores/cli.py", "stores/cli_import.py"}, found - readers


def all_tables() -> list[Table]:
    return list(Base.metadata.sorted_tables)


@pytest.mark.parametrize("table", all_tables(), ids=lambda table: table.name)
def test_every_foreign_key_is_the_beginning_of_an_index(table: Table) -> None:
    beginnings = {tuple(index.columns.keys())[:1] for index in table.indexes}
    beginnings |= {tuple(c.columns.keys())[:1] for c in table.constraints if hasattr(c, "columns") and _unique(c)}
    missing = [key.parent.name for key in table.foreign_keys if (key.parent.name,) not in beginnings]
    assert missing == []


@pytest.mark.parametrize("table", all_tables(), ids=lambda table: table.name)
def test_every_constraint_has_a_name_that_postgresql_does_not_cut(table: Table) -> None:
    names = [str(constraint.name) for constraint in table.constraints]
    names += [str(index.name) for index in table.indexes]
    assert all(0 < len(name) <= 63 and name != "None" for name in names), names


@pytest.mark.parametrize("table", all_tables(), ids=lambda table: table.name)
def test_every_table_is_an_entity_unless_it_is_exempt_by_name(table: Table) -> None:
    entity = {"id", "created_at", "updated_at", "version"} <= set(table.columns.keys())
    assert entity != (table.name in EXEMPT_FROM_ENTITY_RULES)


def test_table_names_are_plurals_of_class_names() -> None:
    for mapper in Base.registry.mappers:
        name = mapper.local_table.name  # type: ignore[attr-defined]  # a Table for every one of ours
        if name not in EXEMPT_FROM_ENTITY_RULES:
            assert name == plural_table_name(mapper.class_.__name__)


@pytest.mark.parametrize(
    ("class_name", "table"),
    [
        ("SlaPolicy", "sla_policies"),
        ("MaintenanceWindow", "maintenance_windows"),
        ("StoreDay", "store_days"),
        ("Box", "boxes"),
        ("Status", "statuses"),
        ("HTTPCall", "http_calls"),
    ],
)
def test_class_names_become_plural_table_names(class_name: str, table: str) -> None:
    assert plural_table_name(class_name) == table


def test_the_project_speaks_of_itself_alone() -> None:
    """No path of the machine it was written on, in any file that is kept."""
    suspicious = ("/home/", "/Users/", "/root/", "/work/")
    kept = [*PACKAGE.rglob("*.py"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "Makefile"]
    found = {str(path): word for path in kept for word in suspicious if path.exists() and word in path.read_text()}
    assert found == {}


def _unique(constraint: object) -> bool:
    return type(constraint).__name__ in {"UniqueConstraint", "PrimaryKeyConstraint"}
