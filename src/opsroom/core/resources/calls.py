"""What every route of a resource begins with, behind its guard."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response

from opsroom.core.actor import Actor
from opsroom.core.auth.guards import allow
from opsroom.core.db.engine import Database
from opsroom.core.db.session import database_of
from opsroom.core.resources import crud
from opsroom.core.resources.declaration import Resource


@dataclass(frozen=True, slots=True)
class Call:
    """parent_id: of the parent that a nested path names"""

    resource: Resource
    request: Request
    database: Database
    actor: Actor
    parent_id: UUID | None
    key: str

    @property
    def place(self) -> tuple[Actor, UUID | None]:
        return self.actor, self.parent_id


Calling = Callable[[Request, Actor], Awaitable[Call]]


def calling(resource: Resource, right: str) -> Calling:
    """A dependency of the framework, guard and all; also called by itself, once the guard has told the actor."""
    guard = allow(f"{resource.permission}.{right}")
    parent = resource.parent

    async def call(request: Request, actor: Annotated[Actor, guard]) -> Call:
        database, names = database_of(request), request.path_params
        parent_id = None
        if parent is not None:
            parent_key = names[parent.resource.path_parameter]
            parent_id = await crud.parent_id_of(database, resource, parent_key, actor)
        return Call(resource, request, database, actor, parent_id, names.get(resource.path_parameter, ""))

    return call


def after(
    call: Calling, answer: Callable[[Call], Awaitable[Response | None]]
) -> Callable[[Request, Actor], Awaitable[Response | None]]:
    async def answering(request: Request, actor: Actor) -> Response | None:
        return await answer(await call(request, actor))

    return answering
