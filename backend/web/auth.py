"""Sign in and out of the managers' pages, and choose a language before that."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from backend.clock import Clock
from backend.db import Database
from backend.problems import Problem
from backend.services import web_sessions
from backend.services.sign_in import check_password
from backend.settings import Settings
from backend.web.cookies import language_cookie, no_session_cookie, session_cookie, session_secret
from backend.web.errors import PAGES, SIGN_IN
from backend.web.forms import FORM_BYTES_MAX, Form, Text
from backend.web.guards import recognise
from backend.web.language import languages
from backend.web.pages import go_to, page

Next = Annotated[str, QueryParameter(name="next", max_length=2000)]


class SignIn(Struct):
    """The sign-in form."""

    name: Text = ""
    password: Text = ""
    next: Text = ""


class Language(Struct):
    """The language buttons of an open page."""

    language: Text = ""
    next: Text = ""


def safe_next(path: str) -> str:
    """Where to go after signing in: the page that was wanted if it is one of ours, else the first page."""
    ours = path == PAGES or path.startswith((PAGES + "/", PAGES + "?"))
    plain = path.isprintable() and "\\" not in path and "//" not in path.partition("?")[0]
    open_page = path.startswith((SIGN_IN, PAGES + "/sign-out"))
    return path if ours and plain and not open_page else PAGES


@get(SIGN_IN, include_in_schema=False)
async def sign_in_page(request: Request[Any, Any, Any], wanted: Next = "") -> Response[Any]:
    """The form; someone who is signed in already goes on."""
    if await recognise(request) is not None:
        return go_to(safe_next(wanted))
    return _form(request, wanted)


@post(SIGN_IN, include_in_schema=False, status_code=303, request_max_body_size=FORM_BYTES_MAX)
async def sign_in(
    request: Request[Any, Any, Any],
    data: Form[SignIn],
    client_address: str,
    db: Database,
    settings: Settings,
    clock: Clock,
) -> Response[Any]:
    """Check the password and begin a session; the secret that came along, if any, is never used on."""
    now = clock()
    try:
        user_id = await check_password(
            db, settings, now, name=data.name, password=data.password, address=client_address
        )
    except Problem as problem:
        return _form(request, data.next, name=data.name, problem=problem)
    secret = await db.write(
        web_sessions.begin,
        user_id=user_id,
        hours=settings.session_hours,
        now=now,
        previous=session_secret(request.cookies, settings),
    )
    return go_to(safe_next(data.next), cookies=[session_cookie(secret, settings)])


@post("/manage/sign-out", include_in_schema=False, status_code=303)
async def sign_out(
    request: Request[Any, Any, Any],
    db: Database,
    settings: Settings,
) -> Response[Any]:
    """End this browser's session, here and in the table; also when it had ended already."""
    secret = session_secret(request.cookies, settings)
    if secret is not None:
        await db.write(web_sessions.end, secret)
    return go_to(SIGN_IN, cookies=[no_session_cookie(settings)])


@post("/manage/language", include_in_schema=False, status_code=303, request_max_body_size=FORM_BYTES_MAX)
async def choose_language(
    data: Form[Language],
    settings: Settings,
) -> Response[Any]:
    """Remember a language in this browser."""
    if data.language not in languages():
        raise Problem(400, "bad_language", "There is no such language here.")
    query = "?" + urlencode({"next": data.next}) if data.next else ""
    return go_to(SIGN_IN + query, cookies=[language_cookie(data.language, settings)])


def _form(
    request: Request[Any, Any, Any], wanted: str, *, name: str = "", problem: Problem | None = None
) -> Response[Any]:
    return page(
        request,
        "sign_in.html",
        status=problem.status if problem else 200,
        headers=problem.headers if problem else None,
        name=name,
        next=wanted,
        problem=problem,
    )


handlers = [sign_in_page, sign_in, sign_out, choose_language]
