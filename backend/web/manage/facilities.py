"""/manage/facilities and below: the list, one facility, and a product's cards there."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import Parameter
from sqlmodel import Session

from backend.domain.resupply import STATUSES
from backend.problems import Problem
from backend.services.card_history import cards_page
from backend.services.device_lists import DeviceLine, devices_in_sight
from backend.services.exception_lists import count_open
from backend.services.feedback import count_unread
from backend.services.overview import places_page
from backend.services.sight import Sight
from backend.services.stock_lists import PlacePage, matches, place_page
from backend.web.guards import requires
from backend.web.manage.looking import Code, Text, ZoneId, code_of, live_page, look
from backend.web.viewer import Viewer

FACILITIES_MAX = 200


@get("/manage/facilities", guards=[requires("manage.view")], include_in_schema=False)
async def list_facilities(
    request: Request[Any, Any, Any], viewer: Viewer, q: Text = "", status: Text = "", zone: ZoneId = None
) -> Response[Any]:
    """Facilities in sight, by name or code, in a zone, or with something at a status."""
    if status and status not in STATUSES:
        raise Problem(400, "unknown_status", "There is no such stock status.")
    (lines, zone_name), cursor = await look(request, viewer, places_page, zone)
    wanted = [
        line
        for line in lines
        if matches(q, line.place.name, line.place.code, line.way)
        and (not status or line.tally.by_status[status])
    ]
    return live_page(
        request,
        "manage/facilities.html",
        cursor,
        here="facilities",
        lines=wanted[:FACILITIES_MAX],
        total=len(wanted),
        q=q,
        chosen=status,
        zone=zone,
        zone_name=zone_name,
    )


@get("/manage/facilities/{facility_code:str}", guards=[requires("manage.view")], include_in_schema=False)
async def facility(
    request: Request[Any, Any, Any], viewer: Viewer, facility_code: Code, status: Text = ""
) -> Response[Any]:
    """One facility: its products, problems and devices."""
    (found, problems, devices, unread), cursor = await look(
        request, viewer, _read_one, viewer, code_of(facility_code), status
    )
    return live_page(
        request,
        "manage/facility.html",
        cursor,
        here="facilities",
        facility=found.place.code,
        found=found,
        problems=problems,
        devices=devices,
        unread=unread,
        chosen=status,
    )


@get(
    "/manage/facilities/{facility_code:str}/products/{product_code:str}",
    guards=[requires("manage.view")],
    include_in_schema=False,
)
async def cards(
    request: Request[Any, Any, Any],
    viewer: Viewer,
    facility_code: Code,
    product_code: Code,
    before: Annotated[str | None, Parameter(max_length=100)] = None,
) -> Response[Any]:
    """A product's cards at a facility, and what moved on them."""
    found, cursor = await look(
        request,
        viewer,
        cards_page,
        facility=code_of(facility_code),
        product=code_of(product_code),
        before=before,
    )
    return live_page(
        request,
        "manage/cards.html",
        cursor,
        here="facilities",
        facility=found.place.code,
        product=found.item.code,
        found=found,
        before=before,
    )


def _read_one(
    session: Session, sight: Sight, viewer: Viewer, code: str, status: str
) -> tuple[PlacePage, int | None, list[DeviceLine], int]:
    found = place_page(session, sight, code, status)
    here = frozenset({found.place.id})
    problems = count_open(session, sight.exceptions, here) if viewer.allows("exception.view") else None
    devices = devices_in_sight(session, sight.devices, facility_ids=here)
    return found, problems, devices, count_unread(session, found.place.id)


handlers = [list_facilities, facility, cards]
