"""How a managers' page is made: one snapshot for what it shows and for the cursor its live feed begins at."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

from litestar import Request, Response
from litestar.params import Parameter
from sqlmodel import Session

from backend.clock import local_date, to_iso
from backend.services.position_cache import PositionCache
from backend.services.sight import Sight
from backend.web.api.scoping import scope_of
from backend.web.live import cursor_of_page
from backend.web.pages import page
from backend.web.viewer import Viewer
from backend.web.wiring import Wiring

_TILDE = re.compile("~([0-9A-F]{2})")

EXPIRES_SOON_DAYS = 90
"""As on the tablets (pwa/worker/expiry.js)."""

P = ParamSpec("P")
R = TypeVar("R")

Code = Annotated[str, Parameter(max_length=200)]
"""A code in a path, as `segment` writes it."""
Text = Annotated[str, Parameter(max_length=100)]
"""What was typed into a search field."""
ZoneId = Annotated[int | None, Parameter(ge=1, lt=2**31)]


def segment(code: str) -> str:
    """A code as one segment of a path.

    Servers and proxies decode a path before they cut it, some of them twice, so what would be misread then
    is written with a tilde: `A/1` is `A~2F1`. Any other code stands as it is.
    """
    special = {"~", "/", "%"} | ({"."} if set(code) == {"."} else set())
    return quote("".join(f"~{ord(sign):02X}" if sign in special else sign for sign in code), safe="~")


def code_of(text: str) -> str:
    """The code that `segment` wrote."""
    return _TILDE.sub(lambda found: chr(int(found[1], 16)), text)


def link(path: str, only: Mapping[str, object] | None = None, **more: object) -> str:
    """A path with a query of those values that are given."""
    values = {name: value for name, value in {**(only or {}), **more}.items() if value not in (None, "")}
    return f"{path}?{urlencode(values)}" if values else path


async def look(
    request: Request[Any, Any, Any],
    viewer: Viewer,
    work: Callable[Concatenate[Session, Sight, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> tuple[R, str]:
    """What `work(session, sight, ...)` finds for this person, and the cursor of the same snapshot."""
    wiring = Wiring.of(request)
    state = request.app.state
    cache = state.setdefault("position_cache", PositionCache())

    def looking(session: Session) -> tuple[R, str]:
        cursor = cursor_of_page(session, viewer)
        sight = Sight(
            stock=scope_of(session, viewer, "stock.view"),
            exceptions=scope_of(session, viewer, "exception.view"),
            devices=scope_of(session, viewer, "device.view"),
            settings=wiring.settings,
            cache=cache,
            now=wiring.clock(),
        )
        return work(session, sight, *args, **kwargs), cursor

    return await wiring.db.read(looking)


def live_page(
    request: Request[Any, Any, Any],
    template: str,
    cursor: str,
    /,
    *,
    here: str,
    facility: str = "",
    product: str = "",
    **context: Any,
) -> Response[Any]:
    """A page whose main part is asked for anew when something changes, at a facility and of a product if named."""
    wiring = Wiring.of(request)
    time_zone = wiring.settings.time_zone
    today = local_date(wiring.clock(), time_zone)
    query = request.scope["query_string"].decode("latin-1")
    answer = page(
        request,
        template,
        here=here,
        address=request.url.path + (f"?{query}" if query else ""),
        cursor=cursor,
        watch={"facility": facility, "product": product},
        segment=segment,
        link=link,
        iso=to_iso,
        day=lambda at: local_date(at, time_zone),
        today=today.isoformat(),
        soon=(today + timedelta(days=EXPIRES_SOON_DAYS)).isoformat(),
        **context,
    )
    return _packed(answer) if "gzip" in request.headers.get("accept-encoding", "") else answer


def _packed(answer: Response[str]) -> Response[bytes]:
    """The page gzipped: lists repeat themselves, and a phone in the field pays by the byte."""
    headers = {
        **answer.headers,
        "content-encoding": "gzip",
        "vary": f"{answer.headers['vary']}, Accept-Encoding",
    }
    return Response(
        gzip.compress(answer.content.encode(), compresslevel=5, mtime=0),
        headers=headers,
        media_type="text/html; charset=utf-8",
    )
