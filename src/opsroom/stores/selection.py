"""Which stores are meant: one, those of a group, those with certain tags, or all."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import Invalid, NotFound
from opsroom.stores.models import Store


@dataclass(frozen=True, slots=True)
class Selection:
    """store: an id or external id; tags: `name:value` pairs, all of which a store must have."""

    store: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return self.store is None and self.group is None and not self.tags


async def selected_sites(connection: AsyncConnection, selection: Selection) -> tuple[int, ...] | None:
    """Site keys; None for all stores.

    Raises:
        NotFound: there is no such store, or no store in the group or with the tags.
        Invalid: a tag is not written as name:value.
    """
    if selection.is_everything:
        return None
    found = tuple((await connection.scalars(_query(selection))).all())
    if not found and selection.store is not None and (key := _uuid(selection.store)) is not None:
        found = tuple((await connection.scalars(_narrowed(select(Store.site).where(Store.id == key), selection))).all())
    if not found:
        raise NotFound(f"There is no store {_words(selection)}.")
    return found


def _query(selection: Selection) -> Select[int]:
    query: Select[int] = select(Store.site).order_by(Store.site)
    if selection.store is not None:
        query = query.where(Store.external_id == selection.store)
    return _narrowed(query, selection)


def _narrowed(query: Select[int], selection: Selection) -> Select[int]:
    if selection.group is not None:
        query = query.where(Store.group == selection.group)
    for tag in selection.tags:
        name, colon, value = tag.partition(":")
        if not colon or not name:
            raise Invalid(f"A tag is asked for as name:value, such as brand:A; found {tag!r}.", field="tag")
        query = query.where(Store.tags[name].as_string() == value)
    return query


def _words(selection: Selection) -> str:
    parts = [selection.store] if selection.store is not None else []
    parts += [f"in the group {selection.group}"] if selection.group is not None else []
    parts += [f"with the tag {tag}" for tag in selection.tags]
    return " ".join(parts)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
