"""/manage and /manage/zones/{id}: where stock stands, from the country down, each number a door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from sqlmodel import Session

from backend.services.device_lists import count_silent
from backend.services.exception_lists import count_open
from backend.services.overview import ZonePage, zone_page
from backend.services.sight import Sight
from backend.web.guards import requires
from backend.web.manage.looking import live_page, look
from backend.web.viewer import Viewer

PRODUCTS_SHOWN = 12


@dataclass(frozen=True)
class _Home:
    """The page and the counts beside it; those are None for who has no right to the list behind them."""

    overview: ZonePage
    exceptions: int | None
    silent: int | None


@get("/manage", guards=[requires("manage.view")], include_in_schema=False)
async def home(request: Request[Any, Any, Any], viewer: Viewer) -> Response[Any]:
    """Everything in sight."""
    return await _page(request, viewer, None)


@get("/manage/zones/{zone_id:int}", guards=[requires("manage.view")], include_in_schema=False)
async def zone(request: Request[Any, Any, Any], viewer: Viewer, zone_id: int) -> Response[Any]:
    """One zone and all below it."""
    return await _page(request, viewer, zone_id)


async def _page(request: Request[Any, Any, Any], viewer: Viewer, zone_id: int | None) -> Response[Any]:
    found, cursor = await look(request, viewer, _read, viewer, zone_id)
    return live_page(
        request,
        "manage/home.html",
        cursor,
        here="home",
        overview=found.overview,
        exceptions=found.exceptions,
        silent=found.silent,
        products_shown=PRODUCTS_SHOWN,
    )


def _read(session: Session, sight: Sight, viewer: Viewer, zone_id: int | None) -> _Home:
    overview = zone_page(session, sight, zone_id)
    inside = overview.facility_ids if zone_id is not None else None
    return _Home(
        overview,
        count_open(session, sight.exceptions, inside) if viewer.allows("exception.view") else None,
        count_silent(session, sight.devices, sight.now, inside) if viewer.allows("device.view") else None,
    )


handlers = [home, zone]
