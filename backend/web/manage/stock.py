"""/manage/stock: the list behind a number of the overview, a line for each facility and product."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from backend.services.stock_lists import FILTERS, stock_page
from backend.web.guards import requires
from backend.web.manage.looking import Text, ZoneId, live_page, look
from backend.web.viewer import Viewer

LINES_MAX = 100


@get("/manage/stock", guards=[requires("manage.view")], include_in_schema=False)
async def list_stock(
    request: Request[Any, Any, Any], viewer: Viewer, q: Text = "", status: Text = "", zone: ZoneId = None
) -> Response[Any]:
    """Facilities and products at a status, in a zone; the neediest first."""
    found, cursor = await look(
        request, viewer, stock_page, status=status, zone_id=zone, text=q, limit=LINES_MAX
    )
    return live_page(
        request,
        "manage/stock.html",
        cursor,
        here="home",
        found=found,
        q=q,
        chosen=status,
        zone=zone,
        filters=FILTERS,
    )


handlers = [list_stock]
