"""Who is asking: the person behind a request, by session cookie or by bearer token, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from sqlmodel import Session

from backend.clock import Clock
from backend.db import Database
from backend.models import User
from backend.problems import Problem
from backend.services import tokens, web_sessions
from backend.services.access import Access, access_of
from backend.settings import Settings
from backend.web.cookies import session_secret

Connection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True)
class Viewer:
    """The person behind a request, as of `at` (UTC milliseconds); `by_token` for a bearer token of the API."""

    user_id: int
    name: str
    language: str
    access: Access
    at: int
    by_token: bool

    def allows(self, right: str, facility_id: int | None = None) -> bool:
        """Whether the person may do it at a facility (None: anywhere). A token also needs `api.read` there."""
        places = self.facilities(right)
        return places is None or (bool(places) if facility_id is None else facility_id in places)

    def facilities(self, right: str) -> frozenset[int] | None:
        """Where the person may do it: facility ids, or None for everywhere."""
        places = self.access.facilities(right, self.at)
        if not self.by_token:
            return places
        readable = self.access.facilities("api.read", self.at)
        if places is None or readable is None:
            return readable if places is None else places
        return places & readable

    def require(self, right: str, facility_id: int) -> None:
        """Raise Problem 404 unless the person may do it there: whoever may not see a place does not learn of it."""
        if not self.allows(right, facility_id):
            raise Problem(404, "not_found", "There is nothing here.")


async def identify(connection: Connection, db: Database, settings: Settings, clock: Clock) -> Viewer | None:
    """The person behind a request, or None. An Authorization header is all that counts when there is one."""
    now = clock()
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer":
            return None
        return await db.read(_by_token, settings, text.strip(), now)
    secret = session_secret(connection.cookies, settings)
    if secret is None:
        return None
    viewer, due = await db.read(_by_session, secret, now)
    if due:
        await db.write(web_sessions.prolong, secret, hours=settings.session_hours, now=now)
    return viewer


def _by_token(session: Session, settings: Settings, text: str, now: int) -> Viewer | None:
    user_id = tokens.user_of(session, settings, text)
    return None if user_id is None else _viewer(session, user_id, now, by_token=True)


def _by_session(session: Session, secret: str, now: int) -> tuple[Viewer | None, bool]:
    found = web_sessions.user_of(session, secret, now)
    if found is None:
        return None, False
    user_id, due = found
    viewer = _viewer(session, user_id, now, by_token=False)
    return viewer, due and viewer is not None


def _viewer(session: Session, user_id: int, now: int, *, by_token: bool) -> Viewer | None:
    access = access_of(session, [user_id]).get(user_id)
    if access is None or access.disabled(now):
        return None
    language = session.get_one(User, user_id).language
    return Viewer(user_id, access.name, language, access, now, by_token)


def provide_viewer(request: Request[Any, Any, Any]) -> Viewer:
    """The person the route's guard has found; a route that wants one has a guard."""
    viewer = request.state.get("viewer")
    if not isinstance(viewer, Viewer):
        raise RuntimeError(f"{request.url.path} asks for a viewer but has no guard")
    return viewer
