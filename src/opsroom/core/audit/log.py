"""The view `audit_log`: header and entry as one line. Reading it gives the trail; inserting into it adds an event."""

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, Uuid

from opsroom.core.audit.models import Action, Level
from opsroom.core.db.columns import Instant, JsonDocument, one_of

VIEW = "audit_log"

HEADER_FIELDS = (
    "user_id", "user_name", "session_id", "ip", "user_agent", "request_id", "reason", "job_id", "database_user",
    "database_host",
)  # fmt: skip

# Not among the metadata of the tables: a view is not migrated but generated, like the triggers.
AUDIT_LOG = Table(
    VIEW,
    MetaData(),
    Column("id", BigInteger, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("action", one_of(Action), nullable=False),
    Column("event", String, nullable=False),
    Column("level", one_of(Level), nullable=False),
    Column("table_name", String),
    Column("record_id", Text),
    Column("before", JsonDocument),
    Column("after", JsonDocument),
    Column("facts", JsonDocument),
    Column("user_id", Uuid),
    Column("user_name", Text, nullable=False),
    Column("session_id", Uuid),
    Column("ip", Text),
    Column("user_agent", Text),
    Column("request_id", Text),
    Column("reason", Text),
    Column("job_id", Uuid),
    Column("database_user", Text, nullable=False),
    Column("database_host", Text, nullable=False),
)

# A row's event is made of its table and its action: users.created, users.updated, users.deleted.
SELECT = f"""
SELECT entry.id, entry.transaction_id, header.at, entry.action,
       coalesce(entry.event, entry.table_name || '.' || entry.action || 'd') AS event, entry.level,
       entry.table_name, entry.record_id, entry.before, entry.after, entry.facts,
       {", ".join(f"header.{name}" for name in HEADER_FIELDS)}
FROM audit_entries entry JOIN audit_transactions header ON header.id = entry.transaction_id
"""  # noqa: S608  names of ours
