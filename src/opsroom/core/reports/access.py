"""Who may read a run: those who may read its type, and of a private one only who asked for it."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

from opsroom.core.actor import Actor
from opsroom.core.reports.models import Report


def readable(actor: Actor) -> ColumnElement[bool] | None:
    """As a condition on rows; None: all of them."""
    if actor.is_superuser:
        return None
    return and_(
        Report.permission.in_(sorted(actor.permissions)),
        or_(Report.private.is_(False), Report.user_id == actor.user_id),
    )


def may_read(actor: Actor, permission: str, user_id: UUID | None, *, private: bool) -> bool:
    """The same of one run."""
    if actor.is_superuser:
        return True
    return actor.may(permission) and (not private or (user_id is not None and user_id == actor.user_id))
