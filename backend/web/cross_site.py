"""Refuses what another site makes a browser send: no token, but what the browser itself says (docs/decisions).

A request that changes something and carries the session cookie, or goes to a page's own form, must come from
this very site by Sec-Fetch-Site, or by Origin in browsers (and plain HTTP addresses) that lack it.
"""

from __future__ import annotations

from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.problems import Problem
from backend.settings import Settings
from backend.web.cookies import session_secret

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_PAGES = "/manage"


def from_this_site(headers: Headers) -> bool | None:
    """Whether the browser says that one of our own pages, or the person by hand, sent this; None if it is silent.

    Browsers are not silent when another site's page sends something: silence is a program's.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return None
    # Behind a TLS proxy the server cannot tell its own scheme; the host is what another site cannot have.
    host = headers.get("host", "").lower()
    return origin.lower() in (f"http://{host}", f"https://{host}")


def refuse_cross_site(settings: Settings):  # type: ignore[no-untyped-def]
    """The middleware, which raises Problem 403 `cross_site`."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP and scope["method"] not in _SAFE:
                headers = Headers.from_scope(scope)
                carries = session_secret(_cookies(headers), settings) is not None
                said = from_this_site(headers)
                # A program may sign in; with a cookie there is something to lose, and silence is not enough.
                if (carries and not said) or (scope["path"].startswith(_PAGES) and said is False):
                    raise Problem(403, "cross_site", "This request did not come from a page of Bincard.")
            await app(scope, receive, send)

        return middleware

    return wrap


def _cookies(headers: Headers) -> dict[str, str]:
    pairs = (part.partition("=") for part in headers.get("cookie", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}
