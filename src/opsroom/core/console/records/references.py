"""What the ids in records stand for: the names of the records they refer to, and where those are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup
from sqlalchemy import Table

from opsroom.core.actor import Actor
from opsroom.core.console.catalogue import Catalogue, label_field, label_of_record, record_path
from opsroom.core.console.records.values import plain
from opsroom.core.db.engine import Database
from opsroom.core.db.views import Condition, Listing
from opsroom.core.resources.crud import get_items
from opsroom.core.resources.declaration import Resource

Links = Mapping[str, Mapping[str, Markup]]  # by field, by id


@dataclass(frozen=True, slots=True)
class Names:
    """Who asks, and whom: what is needed to name records."""

    database: Database
    catalogue: Catalogue
    actor: Actor

    async def links(self, resource: Resource, names: Iterable[str], records: list[dict[str, Any]]) -> Links:
        """A link for each id in these fields of these records that leads to a record the actor may read."""
        found: dict[str, Mapping[str, Markup]] = {}
        for name in names:
            target = self.target(resource, name)
            ids = {str(record[name]) for record in records if record.get(name)}
            if target is not None and ids:
                referred = await self.records(
                    target,
                    (Condition("id", "in", tuple(target.fields["id"].adapter.validate_python(each) for each in ids)),),
                )
                found[name] = {each["id"]: link(target, each) for each in referred}
        return found

    def target(self, resource: Resource, name: str) -> Resource | None:
        table = referred_table(resource, name)
        return None if table is None else self.catalogue.of_table(table, self.actor)

    async def records(
        self, target: Resource, conditions: tuple[Condition, ...] = (), size: int = 1000
    ) -> list[dict[str, Any]]:
        """As few fields of each as its name and its address take."""
        fields = tuple(name for name in ("id", target.key, label_field(target)) if name in target.fields)
        if target.presentation.page:
            fields = target.shown
        order = ((label_field(target), False),) if not conditions else (("id", False),)
        wanted = Listing(conditions, order, fields=tuple(dict.fromkeys(fields)), size=size, total=False)
        page = await get_items(self.database, target, wanted, self.actor)
        return [plain(each) for each in page["items"]]


@cache
def referred_table(resource: Resource, name: str) -> Table | None:
    """The table to whose id this field refers."""
    column = resource.table.c.get(name)
    keys = () if column is None else column.foreign_keys
    return next((key.column.table for key in keys if key.column.name == "id"), None)


def link(resource: Resource, record: Mapping[str, Any]) -> Markup:
    return Markup('<a href="{}">{}</a>').format(record_path(resource, record), label_of_record(resource, record))
