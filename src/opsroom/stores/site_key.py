"""The next integer key of a store, as an SQL expression on both engines."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

SEQUENCE = "stores_site_seq"


class NextSite(ColumnElement[int]):
    """PostgreSQL draws from a sequence; SQLite, which has one writer, counts on from the highest."""

    type = Integer()
    inherit_cache = True


@compiles(NextSite, "postgresql")
def _postgresql(_element: NextSite, _compiler: Any, **_options: Any) -> str:
    return f"nextval('{SEQUENCE}')"


@compiles(NextSite, "sqlite")
def _sqlite(_element: NextSite, _compiler: Any, **_options: Any) -> str:
    return "(SELECT coalesce(max(site), 0) + 1 FROM stores)"
