"""What of a table goes into the trail, said where the table is declared.

    password_hash: Mapped[str] = mapped_column(String(255), info=REDACTED)    that it changed, never the value
    last_login: Mapped[datetime | None] = mapped_column(info=IGNORED)         not at all
    exclusive_key: Mapped[str | None] = mapped_column(info=PLAIN)             named like a secret, but none
    __table_args__ = (..., {"info": exempt("why")})                           no row of this table

Everything that says nothing is recorded whole.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, MetaData, Table

MARK = "audit"
EXEMPT = "audit_exempt"
REDACTED = {MARK: "redacted"}
IGNORED = {MARK: "ignored"}
PLAIN = {MARK: "plain"}

HIDDEN = "(redacted)"  # what stands in the trail for a redacted value
# Kept by the database for every write; the trail has its own order and time.
BOOKKEEPING = frozenset({"version", "updated_at"})
SECRET = re.compile(r"pass(word|wd|phrase)|token|hash|secret|key|credential", re.IGNORECASE)


def exempt(reason: str) -> dict[str, Any]:
    """For a table whose rows are not recorded."""
    return {EXEMPT: reason}


@dataclass(frozen=True, slots=True)
class AuditedTable:
    table: Table
    recorded: tuple[Column[Any], ...]
    redacted: frozenset[str]

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def key(self) -> tuple[Column[Any], ...]:
        return tuple(self.table.primary_key.columns)

    def as_found(self, columns: Collection[str]) -> "AuditedTable":
        """While a migration is on its way, a table has not all of its columns yet, or no longer."""
        return replace(self, recorded=tuple(column for column in self.recorded if column.name in columns))

    @property
    def left_out(self) -> tuple[str, ...]:
        recorded = {column.name for column in self.recorded}
        return tuple(column.name for column in self.table.columns if column.name not in recorded)


def audited_tables(metadata: MetaData) -> list[AuditedTable]:
    return [_declared(table) for table in metadata.sorted_tables if EXEMPT not in table.info]


def undeclared_secrets(tables: Iterable[AuditedTable]) -> list[str]:
    """Columns named like a secret of which nobody has said what the trail may keep."""
    columns = (column for audited in tables for column in audited.table.columns)
    return [
        f"{column.table.name}.{column.name}"
        for column in columns
        if SECRET.search(column.name) and MARK not in column.info
    ]


def _declared(table: Table) -> AuditedTable:
    recorded = tuple(c for c in table.columns if c.name not in BOOKKEEPING and c.info.get(MARK) != "ignored")
    redacted = frozenset(column.name for column in recorded if column.info.get(MARK) == "redacted")
    return AuditedTable(table, recorded, redacted)
