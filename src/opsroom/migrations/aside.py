"""Views and triggers on SQLite step aside while tables are rebuilt.

A rebuilt table is dropped and another takes its name: its triggers go with it, and a view or trigger that
names it makes the renaming fail. The trail's own stay: what a migration does to rows is recorded too.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from opsroom.core.audit.log import VIEW
from opsroom.core.audit.sqlite import PREFIX
from opsroom.core.db.rules import PREFIX as RULE

FOUND = f"""
    SELECT type, name, tbl_name, sql FROM sqlite_master
    WHERE type IN ('view', 'trigger') AND name <> '{VIEW}' AND name NOT GLOB '{PREFIX}*' ORDER BY rowid
"""  # noqa: S608  names of ours


def set_aside(connection: Connection) -> Sequence[Row[Any]]:
    kept = connection.exec_driver_sql(FOUND).fetchall()
    for each in reversed(kept):
        connection.exec_driver_sql(f'DROP {each.type} IF EXISTS "{each.name}"')
    return kept


def put_back(connection: Connection, kept: Sequence[Row[Any]]) -> None:
    """What was not made anew meanwhile, as far as the table it hangs on is still there. A rule that no table
    declares any more does not come back.
    """
    present = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
    for each in kept:
        if (
            each.name not in present
            and not each.name.startswith(RULE)
            and (each.type == "view" or each.tbl_name in present)
        ):
            connection.exec_driver_sql(each.sql)
            present.add(each.name)
