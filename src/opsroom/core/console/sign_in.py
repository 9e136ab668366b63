"""Signing in with a password or a link, and out; the sign-in is a cookie that scripts cannot read."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.auth import actions
from opsroom.core.auth.api import Policy
from opsroom.core.auth.doorkeeper import Attempt, Doorkeeper, TheDoorkeeper, wrong_credentials
from opsroom.core.auth.guards import COOKIE, PUBLIC, allow, refuse_other_sites
from opsroom.core.auth.models import SessionKind, User
from opsroom.core.auth.tokens import TokenPolicy
from opsroom.core.console.render import render, see_other
from opsroom.core.db.session import TheDatabase, Unit
from opsroom.core.errors import Unauthenticated

SIGN_IN = "/console/sign-in"
HOME = "/console/"
# Where `next` may lead: pages of this host only, so that the sign-in page cannot send people elsewhere.
PLACES = ("/console/", "/docs", "/redoc")

router = APIRouter(include_in_schema=False)
Public = Annotated[Actor, allow(PUBLIC)]


@router.get(SIGN_IN, name="console_sign_in")
async def ask(request: Request, actor: Public, next: str = "", link: str = "") -> Response:  # noqa: A002  the query's name
    """The form; with `link`, one button. Previews of links in mail and chat fetch, and so must not spend them."""
    if actor.user_id is not None and not link:
        return see_other(safe_place(next))
    return render(request, "sign_in.html", place=safe_place(next), link=link, username="", refusal="")


class SignInForm(BaseModel):
    username: str = ""
    password: str = ""
    link: str = ""
    next: str = ""


@router.post(SIGN_IN, name="console_sign_in_submit", dependencies=[Depends(refuse_other_sites)])
async def sign_in(
    request: Request,
    form: Annotated[SignInForm, Form()],
    database: TheDatabase,
    doorkeeper: TheDoorkeeper,
    policy: Policy,
    _actor: Public,
) -> Response:
    place = safe_place(form.next)
    attempt = None if form.link else await doorkeeper.verify(form.username.strip(), form.password)
    response = see_other(place)
    async with database.transaction() as session:
        try:
            user = await _who(session, doorkeeper, attempt, form.link)
            await _open(request, response, session, policy, user)
        except Unauthenticated as refusal:
            # Answered here rather than raised: the trail of it is kept, and the person goes on in the same form.
            again = {"place": place, "link": "", "username": form.username, "refusal": refusal.sentence}
            response = render(request, "sign_in.html", status=refusal.status, **again)
    return response


@router.post("/console/sign-out", name="console_sign_out")
async def sign_out(session: Unit, actor: Public) -> Response:
    if actor.session_id is not None:
        await actions.close_session(session, actor.session_id)
    response = see_other(SIGN_IN)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")
    return response


def safe_place(wanted: str) -> str:
    """`wanted` if it is a page of the console or the documentation, else the first page."""
    odd = "\\" in wanted or any(ord(letter) < 33 for letter in wanted)
    return wanted if wanted.startswith(PLACES) and not odd else HOME


async def _who(session: AsyncSession, doorkeeper: Doorkeeper, attempt: Attempt | None, link: str) -> User:
    user = (
        (await doorkeeper.decide(session, attempt)).user if attempt else await actions.use_sign_in_link(session, link)
    )
    if user is None:
        raise wrong_credentials()
    return user


async def _open(request: Request, response: Response, session: AsyncSession, policy: TokenPolicy, user: User) -> None:
    token = await actions.open_session(
        session,
        user,
        SessionKind.CONSOLE,
        policy,
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
    )
    response.set_cookie(
        COOKIE,
        str(token),
        max_age=int(policy.session_lifetime.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
