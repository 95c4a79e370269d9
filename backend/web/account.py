"""/manage/account: one's own name and roles, language, password, and signing out everywhere."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get, post
from msgspec import Struct
from sqlmodel import Session

from backend.clock import Clock
from backend.db import Database
from backend.models import User
from backend.problems import Problem
from backend.services import people, roster, web_sessions
from backend.services.sign_in import check_password
from backend.settings import Settings
from backend.web.cookies import no_session_cookie, session_cookie
from backend.web.errors import SIGN_IN
from backend.web.forms import FORM_BYTES_MAX, Form, Text
from backend.web.guards import signed_in
from backend.web.language import languages
from backend.web.pages import go_to, page
from backend.web.viewer import Viewer

AnyRequest = Request[Any, Any, Any]
HOME = "/manage/account"


class OwnPassword(Struct):
    """The form of one's own new password."""

    current: Text = ""
    password: Text = ""
    again: Text = ""


class OwnLanguage(Struct):
    """The form of one's language; empty leaves it to the browser."""

    language: Text = ""


@get("/")
async def account_page(request: AnyRequest, db: Database, viewer: Viewer) -> Response[Any]:
    """Who I am here."""
    return await _form(request, db, viewer)


async def _form(
    request: AnyRequest, db: Database, viewer: Viewer, problem: Problem | None = None
) -> Response[Any]:
    return page(
        request,
        "people/account.html",
        status=problem.status if problem else 200,
        headers=problem.headers if problem else None,
        one=await db.read(roster.details, viewer.user_id),
        problem=problem,
    )


@post("/password", status_code=303)
async def change_password(
    request: AnyRequest,
    data: Form[OwnPassword],
    db: Database,
    settings: Settings,
    clock: Clock,
    viewer: Viewer,
    client_address: str,
) -> Response[Any]:
    """Set one's own password, knowing the old one; every session ends but a new one begun here."""
    now = clock()
    try:
        if data.password != data.again:
            raise Problem(422, "not_the_same", "The two new passwords are not the same.")
        await check_password(
            db, settings, now, name=viewer.name, password=data.current, address=client_address
        )
        secret = await db.write(_replace, viewer.user_id, data.password, settings.session_hours, now)
    except Problem as problem:
        if problem.kind == "wrong_credentials":
            # 401 would send the person to the sign-in form, and they are signed in.
            problem = Problem(422, "wrong_password", "The current password is not right.")
        return await _form(request, db, viewer, problem)
    return go_to(HOME, cookies=[session_cookie(secret, settings)])


def _replace(session: Session, user_id: int, password: str, hours: int, now: int) -> str:
    people.set_password(session, user_id, password)
    return web_sessions.begin(session, user_id=user_id, hours=hours, now=now)


@post("/language", status_code=303)
async def change_language(data: Form[OwnLanguage], db: Database, viewer: Viewer) -> Response[Any]:
    """Choose the language of one's pages."""
    if data.language and data.language not in languages():
        raise Problem(400, "bad_language", "There is no such language here.")

    def work(session: Session) -> None:
        session.get_one(User, viewer.user_id).language = data.language

    await db.write(work)
    return go_to(HOME)


@post("/sign-out-everywhere", status_code=303)
async def sign_out_everywhere(db: Database, settings: Settings, viewer: Viewer) -> Response[Any]:
    """End all of one's sessions, this one included."""
    await db.write(people.sign_out_everywhere, viewer.user_id)
    return go_to(SIGN_IN, cookies=[no_session_cookie(settings)])


router = Router(
    HOME,
    route_handlers=[account_page, change_password, change_language, sign_out_everywhere],
    guards=[signed_in],
    include_in_schema=False,
    request_max_body_size=FORM_BYTES_MAX,
)
