"""Guards of routes: who is signed in, and whether they hold the right the route is for.

A guard only asks whether the right is held somewhere; what the handler shows or changes is then narrowed
by `viewer.facilities(right)` or `viewer.require(right, facility_id)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.handlers import BaseRouteHandler

from backend.problems import Problem
from backend.web.viewer import Connection, Viewer, identify
from backend.web.wiring import Wiring


@dataclass(frozen=True)
class Guard:
    """Lets pass who is signed in and, unless `right` is None, holds it at some place at least, or everywhere."""

    right: str | None
    everywhere: bool = False

    async def __call__(self, connection: Connection, _handler: BaseRouteHandler) -> None:
        viewer = await _signed_in(connection)
        if viewer.by_token and connection.scope.get("method") not in ("GET", "HEAD"):
            raise Problem(403, "read_only_token", "A token of the read API can read and nothing else.")
        if self.right is not None and not self._allows(viewer, self.right):
            raise Problem(403, "not_permitted", "You have no right to this.", extra={"right": self.right})

    def _allows(self, viewer: Viewer, right: str) -> bool:
        return viewer.facilities(right) is None if self.everywhere else viewer.allows(right)


def requires(right: str) -> Any:
    """The guard of a route for those who hold a right (domain.roles), by session or bearer token."""
    return Guard(right)


def requires_everywhere(right: str) -> Any:
    """The guard of a route whose work is bound to no place: whoever edits users could give themselves any."""
    return Guard(right, everywhere=True)


signed_in: Any = Guard(None)
"""The guard of a route for everyone who is signed in."""


async def _signed_in(connection: Connection) -> Viewer:
    known = connection.state.get("viewer")
    if isinstance(known, Viewer):
        return known
    wiring = Wiring.of(connection)
    viewer = await identify(connection, wiring.db, wiring.settings, wiring.clock)
    if viewer is None:
        raise Problem(
            401, "not_signed_in", "Sign in first.", headers={"WWW-Authenticate": 'Bearer realm="Bincard"'}
        )
    connection.state.viewer = viewer
    return viewer


async def recognise(connection: Connection) -> Viewer | None:
    """The person behind a request of an open page, if any."""
    try:
        return await _signed_in(connection)
    except Problem:
        return None
