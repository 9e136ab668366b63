"""Tables whose rows never change once they are there: the database itself refuses, on both engines.

__table_args__ = (..., {"info": APPEND_ONLY})
"""

from sqlalchemy import Table

MARK = "append_only"
APPEND_ONLY = {MARK: True}

REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION opsroom_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are kept as they are', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def keep_statements(table: Table, dialect: str) -> list[str]:
    """Statements that make the refusing triggers of a marked table anew; none for another table."""
    if not table.info.get(MARK):
        return []
    name = f"keep_{table.name}"
    if dialect == "postgresql":
        occasion = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} FOR EACH STATEMENT"
        return [f"CREATE OR REPLACE TRIGGER {name} {occasion} EXECUTE FUNCTION opsroom_keep()"]
    return [*_refuse_on_sqlite(name, table.name, "UPDATE"), *_refuse_on_sqlite(name, table.name, "DELETE")]


def _refuse_on_sqlite(name: str, table: str, verb: str) -> list[str]:
    refusal = f"SELECT RAISE(ABORT, '{verb} on {table} is refused: its rows are kept as they are')"
    return [
        f"DROP TRIGGER IF EXISTS {name}_{verb.lower()}",
        f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} BEGIN {refusal}; END",
    ]
