"""Is everything recorded? What stands in the database is compared with what would be generated.

Somebody with the rights of the owner can drop or change a trigger; this finds it.
"""

import re

from sqlalchemy import Connection, MetaData, TextClause, text

from opsroom.core.audit.machinery import statements

FUNCTION = re.compile(r"CREATE OR REPLACE FUNCTION (?P<name>\w+)\(.*?\$\$(?P<body>.*)\$\$", re.DOTALL)
TRIGGER = re.compile(r"CREATE (OR REPLACE )?TRIGGER (?P<name>\w+) .*? ON (?P<table>\w+) .*", re.DOTALL)

# View triggers cannot be enabled always; without theirs nothing at all could be inserted into the view.
OF_POSTGRESQL = text("""
    SELECT relname || '.' || tgname, proname FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE relnamespace = current_schema()::regnamespace AND tgenabled = CASE relkind WHEN 'v' THEN 'O' ELSE 'A' END
""")


def gaps(connection: Connection, metadata: MetaData) -> list[str]:
    """Triggers of the trail that are missing, switched off or changed; empty when everything is recorded."""
    generated = list(statements(connection, metadata))
    if not generated:
        return ["the trail has no tables"]
    if connection.dialect.name == "sqlite":
        return _gaps_on_sqlite(connection, generated)
    return _gaps_on_postgresql(connection, generated)


def _gaps_on_sqlite(connection: Connection, generated: list[str]) -> list[str]:
    found = _pairs(connection, text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    wanted = {match["name"]: match.group() for match in map(TRIGGER.search, generated) if match}
    return [_gap(name, found.get(name)) for name, sql in wanted.items() if found.get(name) != sql]


def _gaps_on_postgresql(connection: Connection, generated: list[str]) -> list[str]:
    bodies = _pairs(connection, text("SELECT proname, prosrc FROM pg_proc WHERE proname ^@ 'opsroom_'"))
    active = _pairs(connection, OF_POSTGRESQL)
    functions = {match["name"]: match["body"] for match in map(FUNCTION.search, generated) if match}
    triggers = {f"{match['table']}.{match['name']}": match.group() for match in map(TRIGGER.search, generated) if match}
    changed = [_gap(name, bodies.get(name)) for name, body in functions.items() if bodies.get(name) != body]
    return changed + [
        _gap(name, active.get(name))
        for name, sql in triggers.items()
        if name not in active or f"FUNCTION {active[name]}(" not in sql
    ]


def _pairs(connection: Connection, query: TextClause) -> dict[str, str]:
    return {str(name): str(value) for name, value in connection.execute(query)}


def _gap(name: str, found: str | None) -> str:
    return f"{name} is {'not active' if found is None else 'not what it should be'}"
