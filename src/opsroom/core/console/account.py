"""`/console/account`: one's own password, and keys for one's own programs."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from opsroom.core.actor import Actor
from opsroom.core.auth.api import replace_own_password
from opsroom.core.auth.doorkeeper import TheDoorkeeper
from opsroom.core.auth.guards import allow
from opsroom.core.auth.keys import revoke_key, usable_scopes
from opsroom.core.auth.keys_api import Rules, create_own_key
from opsroom.core.auth.models import ApiKey
from opsroom.core.auth.schemas import ApiKeyAsked, PasswordChange
from opsroom.core.console.forms import errors_of
from opsroom.core.console.render import render, see_other
from opsroom.core.console.sign_in import SIGN_IN
from opsroom.core.db.session import Reading, TheDatabase, Unit
from opsroom.core.errors import Refusal

ACCOUNT = "/console/account"
SHOWN = 100

router = APIRouter(prefix=ACCOUNT, include_in_schema=False)

Reader = Annotated[Actor, allow("account.read")]
Changer = Annotated[Actor, allow("account.write")]
Owner = Annotated[Actor, allow("keys.write")]


@router.get("", name="console_account")
async def account(request: Request, actor: Reader, connection: Reading) -> Response:
    return _page(request, actor, await _keys(connection, actor))


class PasswordForm(BaseModel):
    current: str = ""
    new: str = ""
    again: str = ""


@router.post("/password", name="console_account_password")
async def change_password(
    request: Request,
    form: Annotated[PasswordForm, Form()],
    actor: Changer,
    database: TheDatabase,
    keeper: TheDoorkeeper,
) -> Response:
    """Every sign-in ends, this one included."""
    errors = {}
    if form.new != form.again:
        errors["again"] = "It is not the same."
    try:
        change = PasswordChange(current_password=form.current, new_password=form.new)
        if not errors:
            await replace_own_password(database, keeper, actor, change)
            return see_other(SIGN_IN, "Your password is changed; sign in with it.")
    except ValidationError as error:
        errors["new"] = errors_of(error).get("new_password", "This cannot be a password.")
    except Refusal as refusal:
        errors["new" if refusal.facts.get("field") else "current"] = refusal.sentence
    async with database.reading() as connection:
        return _page(request, actor, await _keys(connection, actor), errors=errors)


class KeyForm(BaseModel):
    name: str = ""
    days: str = ""
    scopes: list[str] = []


@router.post("/keys", name="console_account_key")
async def create(
    request: Request, form: Annotated[KeyForm, Form()], actor: Owner, database: TheDatabase, rules: Rules
) -> Response:
    """A key, whose secret is shown once."""
    errors = {}
    try:
        asked = ApiKeyAsked.model_validate(form.model_dump())
        async with database.transaction() as session:
            key, secret = await create_own_key(session, rules, actor, asked)
        return render(request, "people/key_made.html", key=key, secret=secret)
    except ValidationError as error:
        errors = {name.partition(".")[0]: text for name, text in errors_of(error).items()}
    except Refusal as refusal:
        errors = {str(refusal.facts.get("field", "name")): refusal.sentence}
    async with database.reading() as connection:
        return _page(request, actor, await _keys(connection, actor), form=form, errors=errors)


@router.post("/keys/{key_id}/revoke", name="console_account_revoke")
async def revoke(key_id: UUID, actor: Owner, session: Unit) -> Response:
    key = await revoke_key(session, key_id, None if actor.may("users.write") else actor.user_id)
    return see_other(ACCOUNT, f"The key {key.name} is revoked.")


async def _keys(connection: Reading, actor: Actor) -> list[Any]:
    columns = (ApiKey.id, ApiKey.name, ApiKey.hint, ApiKey.scopes, ApiKey.expires_at, ApiKey.last_used_at)
    own = select(*columns).where(ApiKey.user_id == actor.user_id, ApiKey.revoked_at.is_(None))
    return list((await connection.execute(own.order_by(ApiKey.id.desc()).limit(SHOWN))).all())


def _page(
    request: Request,
    actor: Actor,
    keys: list[Any],
    form: KeyForm | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    return render(
        request,
        "people/account.html",
        status=422 if errors else 200,
        keys=keys,
        scopes=sorted(usable_scopes(actor.permissions)),
        form=form or KeyForm(days="90"),
        errors=errors or {},
    )
