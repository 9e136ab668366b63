"""The trail's functions, triggers and view on PostgreSQL.

Each audited table has a function of its own, made of its columns: comparing them one by one is several
times faster than comparing two JSON documents, and, unlike a trigger's WHEN, keeps no column from being
dropped. Inserts and deletes are recorded a statement at a time, which halves the cost of bulk loads; updates
row by row, since nothing else pairs old and new surely. The functions run with their owner's rights, so that
a role may write to a table without being able to write to the trail. ENABLE ALWAYS: the triggers also fire
where replication switches ordinary ones off.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column

from opsroom.core.audit.declaration import HIDDEN, AuditedTable
from opsroom.core.audit.log import HEADER_FIELDS, SELECT, VIEW
from opsroom.core.audit.models import Action, Level
from opsroom.core.db.attribution import SETTING

TRAIL = ("audit_transactions", "audit_entries")

# The marker could be set by anybody who may type SQL, so it is believed only when the header is of this transaction.
HEADER = f"""
CREATE OR REPLACE FUNCTION opsroom_audit_transaction() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    header bigint := nullif(current_setting('opsroom.transaction', true), '');
    origin jsonb;
BEGIN
    IF header IS NOT NULL THEN
        PERFORM 1 FROM audit_transactions WHERE id = header AND xid = pg_current_xact_id()::text::bigint;
        IF FOUND THEN
            RETURN header;
        END IF;
    END IF;
    origin := convert_from(decode(nullif(current_setting('{SETTING}', true), ''), 'hex'), 'UTF8')::jsonb;
    INSERT INTO audit_transactions (xid, at, {", ".join(HEADER_FIELDS)})
    VALUES (
        pg_current_xact_id()::text::bigint, clock_timestamp(), (origin->>'user_id')::uuid,
        coalesce(origin->>'user_name', 'database user ' || session_user), (origin->>'session_id')::uuid,
        origin->>'ip', origin->>'user_agent', origin->>'request_id', origin->>'reason', (origin->>'job_id')::uuid,
        session_user, coalesce(host(inet_client_addr()), 'local')
    ) RETURNING id INTO header;
    PERFORM set_config('opsroom.transaction', header::text, true);
    RETURN header;
END $$
"""  # noqa: S608  names of ours

REFUSE = """
CREATE OR REPLACE FUNCTION opsroom_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
END $$
"""

ACTIONS, LEVELS = (", ".join(f"'{each}'" for each in values) for values in (Action, Level))

# Not by constraints of the table: PostgreSQL prepares those anew for each statement, a fifth of what an entry costs.
EVENT = f"""
IF NEW.action NOT IN ({ACTIONS}) OR NEW.level NOT IN ({LEVELS}) THEN
    RAISE EXCEPTION 'no such action or level: %, %', NEW.action, NEW.level USING ERRCODE = 'check_violation';
END IF;
INSERT INTO audit_entries (transaction_id, action, level, event, table_name, record_id, facts)
    VALUES (opsroom_audit_transaction(), NEW.action, coalesce(NEW.level, 'info'), NEW.event, NEW.table_name,
            NEW.record_id, NEW.facts);
    RETURN NEW;
"""  # noqa: S608  words of ours

OCCASIONS = {
    "audit_create": "AFTER INSERT ON {} REFERENCING NEW TABLE AS added FOR EACH STATEMENT",
    "audit_update": "AFTER UPDATE ON {} FOR EACH ROW",
    "audit_delete": "AFTER DELETE ON {} REFERENCING OLD TABLE AS gone FOR EACH STATEMENT",
}
COLUMNS = "transaction_id, action, table_name, record_id, before, after"


def shared_statements(schema: str) -> Iterator[str]:
    """What serves all tables. To be run once both tables of the trail exist."""
    yield HEADER
    yield REFUSE
    for table in TRAIL:
        yield _refusal("audit_append_only", "BEFORE UPDATE OR DELETE OR TRUNCATE", table, "the trail is append-only")
        yield _always("audit_append_only", table)
    yield f"CREATE OR REPLACE VIEW {VIEW} AS {SELECT}"
    yield _function("opsroom_audit_event", schema, EVENT)
    yield (
        f"CREATE OR REPLACE TRIGGER audit_event INSTEAD OF INSERT ON {VIEW} "
        "FOR EACH ROW EXECUTE FUNCTION opsroom_audit_event()"
    )


def table_statements(audited: AuditedTable, schema: str) -> Iterator[str]:
    name = audited.name
    yield _function(f"opsroom_audit_{name}", schema, _body(audited))
    for trigger, occasion in OCCASIONS.items():
        yield f"CREATE OR REPLACE TRIGGER {trigger} {occasion.format(name)} EXECUTE FUNCTION opsroom_audit_{name}()"
        yield _always(trigger, name)
    yield _refusal("audit_truncate", "BEFORE TRUNCATE", name, "it would leave no trace in the trail; use DELETE")
    yield _always("audit_truncate", name)


def stored_rows(audited: AuditedTable) -> str:
    """The rows of a table as the trail would record them now: key and document, in the order of the key's bytes."""
    key = f'({_key(audited, "stored")}) COLLATE "C"'
    return f"SELECT {key} AS record_id, ({_document(audited, 'stored')})::text FROM {audited.name} stored ORDER BY 1"  # noqa: S608  names of our metadata


def first_entries(audited: AuditedTable) -> str:
    """Record every row as created, for rows that came before the triggers did."""
    return f"{_entries(audited, 'create', 'stored', 'NULL', _document(audited, 'stored'))} FROM {audited.name} stored"


def absent_statements(name: str) -> Iterator[str]:
    """For a table that does not exist, or whose trail does not."""
    yield f"DROP FUNCTION IF EXISTS opsroom_audit_{name}() CASCADE"


def absent_trail_statements() -> Iterator[str]:
    yield f"DROP VIEW IF EXISTS {VIEW}"
    for function in ("opsroom_audit_event", "opsroom_audit_transaction", "opsroom_refuse"):
        yield f"DROP FUNCTION IF EXISTS {function}() CASCADE"


def _body(audited: AuditedTable) -> str:
    differences = "\n".join(_difference(audited, column) for column in audited.recorded)
    return f"""
    IF TG_OP = 'INSERT' THEN
        {_entries(audited, "create", "added", "NULL", _document(audited, "added"))} FROM added;
    ELSIF TG_OP = 'DELETE' THEN
        {_entries(audited, "delete", "gone", _document(audited, "gone"), "NULL")} FROM gone;
    ELSE
        {differences}
        IF after <> '{{}}' THEN
            {_entries(audited, "update", "OLD", "before", "after")};
        END IF;
    END IF;
    RETURN NULL;
"""


def _entries(audited: AuditedTable, action: str, row: str, before: str, after: str) -> str:
    # The header is a subquery so that it is made once for a statement, and not for one that touched no row.
    header = "(SELECT opsroom_audit_transaction())"
    values = f"{header}, '{action}', '{audited.name}', {_key(audited, row)}, {before}, {after}"
    return f"INSERT INTO audit_entries ({COLUMNS}) SELECT {values}"


def _key(audited: AuditedTable, row: str) -> str:
    return " || '/' || ".join(f'{row}."{column.name}"::text' for column in audited.key)


def _document(audited: AuditedTable, row: str) -> str:
    """The recorded fields of a row as JSON."""
    document = f"to_jsonb({row})"
    if audited.left_out:
        names = ", ".join(f"'{name}'" for name in audited.left_out)
        document = f"{document} - ARRAY[{names}]"
    hidden = [column for column in audited.recorded if column.name in audited.redacted]
    if hidden:
        pairs = ", ".join(f"'{column.name}', {_value(audited, column, row)}" for column in hidden)
        document = f"({document}) || jsonb_build_object({pairs})"
    return document


def _difference(audited: AuditedTable, column: Column[Any]) -> str:
    name = column.name
    pairs = {
        variable: f"{variable} || jsonb_build_object('{name}', {_value(audited, column, row)})"
        for variable, row in (("before", "OLD"), ("after", "NEW"))
    }
    assignments = " ".join(f"{variable} := {value};" for variable, value in pairs.items())
    return f'IF NEW."{name}" IS DISTINCT FROM OLD."{name}" THEN {assignments} END IF;'


def _value(audited: AuditedTable, column: Column[Any], row: str) -> str:
    value = f'{row}."{column.name}"'
    if column.name not in audited.redacted:
        return value
    return f"CASE WHEN {value} IS NOT NULL THEN '{HIDDEN}' END"


def _function(name: str, schema: str, body: str) -> str:
    """With its owner's rights come a search path nobody else can prepend to, and instants in UTC for all."""
    return f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, "{schema}", pg_temp SET timezone = 'UTC' AS $$
DECLARE
    before jsonb := '{{}}';
    after jsonb := '{{}}';
BEGIN
    {body.strip()}
END $$
"""


def _refusal(name: str, occasion: str, table: str, reason: str) -> str:
    return (
        f"CREATE OR REPLACE TRIGGER {name} {occasion} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION opsroom_refuse('{reason}')"
    )


def _always(trigger: str, table: str) -> str:
    return f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"
