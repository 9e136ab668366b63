"""A resource: plain create, read, update and delete, declared and not written."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Table, UniqueConstraint, inspect
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.audit.declaration import EXEMPT
from opsroom.core.db.base import Entity, snake_case
from opsroom.core.db.fields import ColumnField, field_of
from opsroom.core.db.views import View, directions
from opsroom.core.resources.presentation import AS_IT_IS, Presentation

Rule = ColumnElement[bool] | None
Prepare = Callable[[AsyncSession, Actor, dict[str, Any], UUID | None], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a nested resource hangs: `field` of the child refers to a row of `resource`."""

    resource: "Resource"
    field: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """What a table is to the world.

    model: an entity; or a table or view with a column `id`, which is then only read
    prefix: path of the list, such as `/api/v1/stores`; below a parent only its last part, such as `/entities`
    read: the shape of a record; each of its fields is a column (or hybrid) of the model, nothing is computed
    create, update: shapes of bodies; without one, that verb does not exist. A field left out of a PATCH stays
    permission: `stores.stores` asks for `stores.stores.read` and `stores.stores.write`
    name, plural: words of paths' parameters, operation ids and sentences; from the model's name by default
    key: a unique column whose value is taken in paths beside the id, and by which records are put
    unique_fields: fields, or combinations of fields, no two records share; by default those of the model
    filters: fields of `read` that may be asked for; all of them by default
    search: text fields that `q=` looks through
    order: the order of a list that asks for none; ties are broken by id
    counted: whether a list is counted unless it is asked not to be; not worth it for tables of millions
    parent: makes it a nested resource
    deletable: whether there is a delete, provided anything may be written at all
    visible_to: the rows an actor may know of, as a condition; None for all of them
    prepare: (session, actor, values, id or None when creating) → values to store; runs before the write, in its
        transaction, may look at other rows and may refuse
    presentation: how the console shows it
    """

    model: type[Entity] | Table
    prefix: str
    read: type[BaseModel]
    permission: str
    create: type[BaseModel] | None = None
    update: type[BaseModel] | None = None
    tags: tuple[str, ...] = ()
    name: str = ""
    plural: str = ""
    key: str = "id"
    unique_fields: tuple[str | tuple[str, ...], ...] | None = None
    filters: tuple[str, ...] | None = None
    search: tuple[str, ...] = ()
    order: tuple[str, ...] = ("-id",)
    counted: bool = True
    parent: Parent | None = None
    deletable: bool = True
    visible_to: Callable[[Actor], Rule] | None = None
    prepare: Prepare | None = None
    presentation: Presentation = AS_IT_IS

    def __post_init__(self) -> None:
        named = {self.key, *(self.filters or ()), *self.search, *(name for name, _ in directions(self.order))}
        if unknown := sorted(named - self.fields.keys()):
            raise TypeError(f"{self.read.__name__} has no field {', '.join(unknown)}")
        if self.parent and self.parent.resource.parent:
            raise TypeError("a nested resource's parent cannot be nested itself")
        if loose := [names for names in self.unique if set(names) not in _enforced(self.table)]:
            raise TypeError(f"nothing in {self.table.name} keeps {loose} unique; add a constraint")

    @cached_property
    def table(self) -> Table:
        found = self.model if isinstance(self.model, Table) else self.model.__table__
        assert isinstance(found, Table)  # noqa: S101  every entity has a table of its own
        return found

    @cached_property
    def fields(self) -> dict[str, ColumnField]:
        """The fields of `read`, and the id, by name."""
        return {name: field_of(name, self._column(name)) for name in dict.fromkeys(("id", *self.read.model_fields))}

    @cached_property
    def view(self) -> View:
        return View(
            table=self.table,
            fields=self.fields,
            shown=self.shown,
            filterable=tuple(self.fields[name] for name in (self.shown if self.filters is None else self.filters)),
            order=directions(self.order),
            search=self.search,
            key=self.key,
            parent=self.parent.field if self.parent else None,
            counted=self.counted,
        )

    @cached_property
    def shown(self) -> tuple[str, ...]:
        return tuple(self.read.model_fields)

    @cached_property
    def singular(self) -> str:
        return self.name or snake_case(self.table.name if isinstance(self.model, Table) else self.model.__name__)

    @property
    def words(self) -> str:
        return self.singular.replace("_", " ")

    @cached_property
    def several(self) -> str:
        return self.plural or self.table.name

    @cached_property
    def unique(self) -> tuple[tuple[str, ...], ...]:
        if self.unique_fields is not None:
            return tuple((names,) if isinstance(names, str) else names for names in self.unique_fields)
        constraints = (each for each in self.table.constraints if isinstance(each, UniqueConstraint))
        return tuple(sorted(tuple(column.name for column in each.columns) for each in constraints))

    @property
    def writable(self) -> bool:
        return self.create is not None or self.update is not None

    @cached_property
    def verbs(self) -> frozenset[str]:
        """What can be done with it; `describe.VERBS` says how."""
        there = {
            "create": self.create is not None,
            "import": self.create is not None,
            "update": self.update is not None,
            "put": self.key != "id" and None not in {self.create, self.update},
            "delete": self.deletable and self.writable,
            "change": self.writable,
            "history": not isinstance(self.model, Table) and EXEMPT not in self.table.info,
        }
        return frozenset({"list", "export", "read", *(verb for verb, is_there in there.items() if is_there)})

    @property
    def path(self) -> str:
        return self.prefix if self.parent is None else f"{self.parent.resource.item_path}{self.prefix}"

    @property
    def item_path(self) -> str:
        return f"{self.path}/{{{self.path_parameter}}}"

    @property
    def path_parameter(self) -> str:
        return f"{self.singular}_id"

    def rule(self, actor: Actor) -> Rule:
        return self.visible_to(actor) if self.visible_to else None

    def _column(self, name: str) -> ColumnElement[Any]:
        columns = self.model.c if isinstance(self.model, Table) else inspect(self.model).columns
        if name in columns:
            return columns[name]
        if isinstance(self.model, Table) or name not in inspect(self.model).all_orm_descriptors:
            raise TypeError(f"{self.read.__name__}.{name} is no column of {self.table.name}")
        found: ColumnElement[Any] = getattr(self.model, name).__clause_element__()
        return found


def _enforced(table: Table) -> list[set[str]]:
    """The combinations of columns that the database itself keeps unique, in some of the rows at least."""
    constraints = [each.columns for each in table.constraints if isinstance(each, UniqueConstraint)]
    indexes = [each.columns for each in table.indexes if each.unique]
    return [{column.name for column in columns} for columns in (*constraints, *indexes)]
