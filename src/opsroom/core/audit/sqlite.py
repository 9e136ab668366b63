"""The trail's triggers and view on SQLite.

They call functions that only this program's connections have (`core/db/attribution.py`): another client cannot
write to audited tables.
Values are written as the trail of PostgreSQL writes them: UUIDs with dashes, instants in ISO 8601, JSON as JSON.
`recursive_triggers` is on for our connections, so REPLACE deletes and creates, each with an entry.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Float, LargeBinary, Numeric, Uuid

from opsroom.core.audit.declaration import HIDDEN, AuditedTable
from opsroom.core.audit.log import HEADER_FIELDS, SELECT, VIEW
from opsroom.core.db.columns import Instant

TRAIL = ("audit_transactions", "audit_entries")
PREFIX = "audit_"  # every trigger of the trail, and no other, is named so

# The only writer sees its own header as the latest; the number tells it from the one of an earlier transaction.
# Three digits of the clock and three zeros: the text form of `Instant` has six.
HEADER = f"""
    INSERT INTO audit_transactions (xid, at, {", ".join(HEADER_FIELDS)})
    SELECT app_ctx('xid'), strftime('%Y-%m-%d %H:%M:%f', 'now') || '000',
           {", ".join(f"app_ctx('{name}')" for name in HEADER_FIELDS)}
    WHERE app_ctx('xid') IS NOT (SELECT xid FROM audit_transactions ORDER BY id DESC LIMIT 1);
"""  # noqa: S608  names of ours

HEADER_ID = "(SELECT max(id) FROM audit_transactions)"
COLUMNS = "transaction_id, action, table_name, record_id, before, after"


def shared_statements() -> Iterator[str]:
    """What serves all tables. To be run once both tables of the trail exist."""
    for table in TRAIL:
        for verb in ("UPDATE", "DELETE"):
            yield _refusal(table, verb, f"BEFORE {verb} ON {table}")
        # A client without recursive triggers could overwrite by REPLACE: no trigger would see the deletion.
        taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608  names of ours
        yield _refusal(table, "replace", f"BEFORE INSERT ON {table} {taken}")
    yield f"CREATE VIEW {VIEW} AS {SELECT}"
    yield f"""
CREATE TRIGGER {PREFIX}event INSTEAD OF INSERT ON {VIEW} BEGIN {HEADER}
    INSERT INTO audit_entries (transaction_id, action, level, event, table_name, record_id, facts)
    VALUES ({HEADER_ID}, NEW.action, coalesce(NEW.level, 'info'), NEW.event, NEW.table_name, NEW.record_id, NEW.facts);
END"""  # noqa: S608  names of ours


def table_statements(audited: AuditedTable) -> Iterator[str]:
    differ = " OR ".join(f"{_changed(column)}" for column in audited.recorded)
    yield _trigger(audited, "create", "INSERT", "", "NULL", _document(audited, "NEW"))
    yield _trigger(
        audited, "update", "UPDATE", f"WHEN {differ}", _differences(audited, "OLD"), _differences(audited, "NEW")
    )
    yield _trigger(audited, "delete", "DELETE", "", _document(audited, "OLD"), "NULL")


def stored_rows(audited: AuditedTable) -> str:
    """The rows of a table as the trail would record them now: key and document, in the order of the key's bytes."""
    key = f"CAST({_key(audited, 'stored')} AS TEXT)"
    return f"SELECT {key} AS record_id, {_document(audited, 'stored')} FROM {audited.name} stored ORDER BY 1"  # noqa: S608  names of our metadata


def first_entries(audited: AuditedTable) -> str:
    """Record every row as created, for rows that came before the triggers did; the transaction has a header already."""
    values = f"'create', '{audited.name}', {_key(audited, 'stored')}, NULL, {_document(audited, 'stored')}"
    return f"INSERT INTO audit_entries ({COLUMNS}) SELECT {HEADER_ID}, {values} FROM {audited.name} stored"  # noqa: S608  names of our metadata


def _trigger(audited: AuditedTable, action: str, verb: str, condition: str, before: str, after: str) -> str:
    row = "NEW" if action == "create" else "OLD"
    values = f"{HEADER_ID}, '{action}', '{audited.name}', {_key(audited, row)}, {before}, {after}"
    return f"""
CREATE TRIGGER {PREFIX}{audited.name}_{action} AFTER {verb} ON {audited.name} FOR EACH ROW {condition} BEGIN {HEADER}
    INSERT INTO audit_entries ({COLUMNS}) VALUES ({values});
END"""  # noqa: S608  names of our metadata


def _refusal(table: str, verb: str, occasion: str) -> str:
    return (
        f"CREATE TRIGGER {PREFIX}append_only_{table}_{verb.lower()} {occasion} "
        f"BEGIN SELECT RAISE(ABORT, '{verb.lower()} on {table} is refused: the trail is append-only'); END"
    )


def _key(audited: AuditedTable, row: str) -> str:
    parts = (
        _dashed(f'{row}."{column.name}"') if isinstance(column.type, Uuid) else f'{row}."{column.name}"'
        for column in audited.key
    )
    return " || '/' || ".join(parts)


def _document(audited: AuditedTable, row: str) -> str:
    """The recorded fields of a row as JSON."""
    fields = " || ',' || ".join(f"""'"{c.name}":' || {_value(audited, c, row)}""" for c in audited.recorded)
    return f"'{{' || {fields} || '}}'"


def _differences(audited: AuditedTable, row: str) -> str:
    fields = " || ".join(
        f"""iif({_changed(c)}, ',"{c.name}":' || {_value(audited, c, row)}, '')""" for c in audited.recorded
    )
    return f"'{{' || substr({fields}, 2) || '}}'"


def _changed(column: Column[Any]) -> str:
    return f'OLD."{column.name}" IS NOT NEW."{column.name}"'


def _value(audited: AuditedTable, column: Column[Any], row: str) -> str:
    """SQL that gives the column's value as a piece of JSON; never null."""
    value = f'{row}."{column.name}"'
    if column.name in audited.redacted:
        return f"iif({value} IS NULL, 'null', '\"{HIDDEN}\"')"
    for kinds, piece in PIECES:
        if isinstance(column.type, kinds):
            return piece(value)
    return f"json_quote({value})"


def _number(value: str) -> str:
    return f"iif(typeof({value}) = 'real', app_real({value}), json_quote({value}))"


def _dashed(value: str) -> str:
    """SQLAlchemy stores a UUID as 32 digits; other programs may have stored something else."""
    parts = " || '-' || ".join(f"substr({value}, {first}, {size})" for first, size in GROUPS)
    return f"iif(length({value}) = 32, {parts}, {value})"


GROUPS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))

PIECES: tuple[tuple[type | tuple[type, ...], Callable[[str], str]], ...] = (
    (Uuid, lambda value: f"json_quote({_dashed(value)})"),
    (Boolean, lambda value: f"CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE json_quote({value}) END"),
    (JSON, lambda value: f"iif(json_valid({value}), {value}, json_quote({value}))"),
    (Instant, lambda value: f"json_quote(replace({value}, ' ', 'T') || '+00:00')"),
    (LargeBinary, lambda value: f"json_quote(iif({value} IS NULL, NULL, '\\x' || lower(hex({value}))))"),
    ((Numeric, Float), _number),
)
