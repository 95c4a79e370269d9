"""/manage/users: the list of people, a new one, and one person's roles, password, tokens and way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.params import PathParameter, QueryParameter
from msgspec import Struct
from sqlmodel import Session, select

from backend.clock import Clock
from backend.db import Database
from backend.domain.roles import ROLES
from backend.models import ApiToken, Assignment, Facility
from backend.problems import Problem
from backend.services import people, roster, tokens
from backend.services.access import zone_tree
from backend.web.forms import FORM_BYTES_MAX, Form, Id, Text
from backend.web.guards import requires_everywhere
from backend.web.pages import go_to, page
from backend.web.viewer import Viewer

AnyRequest = Request[Any, Any, Any]
HOME = "/manage/users"
# Written out: a field forgotten must not give someone the whole country.
EVERYWHERE = "*"


class NewUser(Struct):
    """The form of a new person; `place` as in `NewRole`."""

    name: Text = ""
    email: Text = ""
    language: Text = ""
    password: Text = ""
    role: Text = ""
    place: Text = ""


class NewRole(Struct):
    """The form of a role: at a facility by its code, in a zone by its path, or `*` for everywhere."""

    role: Text = ""
    place: Text = ""


class NewPassword(Struct):
    """The form of a password."""

    password: Text = ""


@get("/")
async def list_users(
    request: AnyRequest,
    db: Database,
    search: Annotated[str, QueryParameter(name="search", max_length=100)] = "",
) -> Response[Any]:
    """People, searched by name or e-mail address."""
    found, total = await db.read(roster.find, search)
    return page(request, "people/users.html", people=found, total=total, search=search, here="users")


@get("/new")
async def new_user_page(request: AnyRequest, db: Database) -> Response[Any]:
    """The form of a new person."""
    return await _new_user_form(request, db, NewUser())


async def _new_user_form(
    request: AnyRequest, db: Database, data: NewUser, problem: Problem | None = None
) -> Response[Any]:
    return page(
        request,
        "people/new_user.html",
        status=problem.status if problem else 200,
        data=data,
        problem=problem,
        roles=ROLES,
        places=await db.read(_places),
        here="users",
    )


def _places(session: Session) -> list[str]:
    """Paths of all zones, to choose from; facilities are too many and are typed by code."""
    tree = zone_tree(session)
    return sorted(tree.path(zone) for zone in tree.nodes)


@post("/new", status_code=303)
async def add_user(request: AnyRequest, data: Form[NewUser], db: Database, clock: Clock) -> Response[Any]:
    """Add a person with a first role; all of it or nothing."""
    try:
        user_id = await db.write(_add, data, clock())
    except Problem as problem:
        return await _new_user_form(request, db, data, problem)
    return go_to(f"{HOME}/{user_id}")


def _add(session: Session, data: NewUser, now: int) -> int:
    user_id = people.add_user(
        session,
        name=data.name,
        email=data.email,
        language=data.language,
        password=data.password or None,
        now=now,
    )
    _grant(session, user_id, data.role, data.place, now)
    return user_id


def _grant(session: Session, user_id: int, role: str, place: str, now: int) -> None:
    facility_id, zone_id = _place(session, place.strip())
    people.grant(session, user_id, role, now=now, facility_id=facility_id, zone_id=zone_id)


def _place(session: Session, text: str) -> tuple[int | None, int | None]:
    if text == EVERYWHERE:
        return None, None
    facility = session.exec(select(Facility.id).where(Facility.code == text)).first()
    if facility is not None:
        return facility, None
    zone = zone_tree(session).find(text)
    if zone is None:
        raise Problem(422, "unknown_place", "There is no facility with this code and no zone with this path.")
    return None, zone


@get("/{user_id:int}")
async def user_page(request: AnyRequest, db: Database, user_id: Id) -> Response[Any]:
    """One person."""
    return await _user_form(request, db, user_id)


async def _user_form(
    request: AnyRequest, db: Database, user_id: int, problem: Problem | None = None, about: str = ""
) -> Response[Any]:
    return page(
        request,
        "people/user.html",
        status=problem.status if problem else 200,
        one=await db.read(roster.details, user_id),
        roles=ROLES,
        places=await db.read(_places),
        problem=problem,
        about=about,
        here="users",
    )


async def _change(
    request: AnyRequest, db: Database, user_id: int, about: str, work: Callable[[Session], object]
) -> Response[Any]:
    """Do it and show the person again, or what was wrong beside the form it was `about`."""
    try:
        await db.write(work)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _user_form(request, db, user_id, problem, about)
    return go_to(f"{HOME}/{user_id}")


@post("/{user_id:int}/roles", status_code=303)
async def grant_role(
    request: AnyRequest, data: Form[NewRole], db: Database, clock: Clock, user_id: Id
) -> Response[Any]:
    """Give a role from now on."""
    now = clock()
    return await _change(
        request, db, user_id, "roles", lambda session: _grant(session, user_id, data.role, data.place, now)
    )


@post("/{user_id:int}/roles/{assignment_id:int}/withdraw", status_code=303)
async def withdraw_role(
    request: AnyRequest, db: Database, clock: Clock, viewer: Viewer, user_id: Id, assignment_id: Id
) -> Response[Any]:
    """Take a role back from now on."""
    now = clock()

    def work(session: Session) -> None:
        held = session.get(Assignment, assignment_id)
        if held is None or held.user_id != user_id:
            raise Problem(404, "unknown_assignment", "There is no such assignment.")
        _not_oneself(viewer, user_id)
        people.withdraw(session, assignment_id, now)

    return await _change(request, db, user_id, "roles", work)


def _not_oneself(viewer: Viewer, user_id: int) -> None:
    if viewer.user_id == user_id:
        raise Problem(409, "oneself", "You cannot shut yourself out. Ask another administrator.")


@post("/{user_id:int}/password", status_code=303)
async def reset_password(
    request: AnyRequest, data: Form[NewPassword], db: Database, user_id: Id
) -> Response[Any]:
    """Set a new password; the person is signed out everywhere."""
    return await _change(
        request,
        db,
        user_id,
        "password",
        lambda session: people.set_password(session, user_id, data.password),
    )


@post("/{user_id:int}/disable", status_code=303)
async def disable_user(
    request: AnyRequest, db: Database, clock: Clock, viewer: Viewer, user_id: Id
) -> Response[Any]:
    """Shut a person out from now on."""
    now = clock()

    def work(session: Session) -> None:
        _not_oneself(viewer, user_id)
        people.disable(session, user_id, now)

    return await _change(request, db, user_id, "disable", work)


@post("/{user_id:int}/enable", status_code=303)
async def enable_user(request: AnyRequest, db: Database, user_id: Id) -> Response[Any]:
    """Let a person in again."""
    return await _change(request, db, user_id, "disable", lambda session: people.enable(session, user_id))


@post("/{user_id:int}/tokens/{token_id:str}/revoke", status_code=303)
async def revoke_token(
    request: AnyRequest,
    db: Database,
    clock: Clock,
    user_id: Id,
    token_id: Annotated[str, PathParameter(max_length=36)],
) -> Response[Any]:
    """End one of the person's bearer tokens."""
    now = clock()

    def work(session: Session) -> None:
        token = session.get(ApiToken, token_id)
        if token is None or token.user_id != user_id:
            raise Problem(404, "unknown_token", "There is no such token.")
        tokens.revoke(session, token_id, now)

    return await _change(request, db, user_id, "tokens", work)


router = Router(
    HOME,
    route_handlers=[
        list_users,
        new_user_page,
        add_user,
        user_page,
        grant_role,
        withdraw_role,
        reset_password,
        disable_user,
        enable_user,
        revoke_token,
    ],
    guards=[requires_everywhere("user.edit")],
    include_in_schema=False,
    request_max_body_size=FORM_BYTES_MAX,
)
