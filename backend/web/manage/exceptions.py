"""/manage/exceptions and /manage/operations/{id}: what looks wrong, and the operation behind it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import Parameter

from backend.services.exception_lists import exceptions_page
from backend.services.operation_view import operation_page
from backend.web.guards import requires
from backend.web.manage.looking import Text, ZoneId, live_page, look
from backend.web.viewer import Viewer


@get("/manage/exceptions", guards=[requires("exception.view")], include_in_schema=False)
async def list_exceptions(
    request: Request[Any, Any, Any], viewer: Viewer, facility: Text = "", zone: ZoneId = None
) -> Response[Any]:
    """Open exceptions in sight, by facility; of one facility or zone if named."""
    found, cursor = await look(request, viewer, exceptions_page, facility=facility or None, zone_id=zone)
    return live_page(
        request, "manage/exceptions.html", cursor, here="exceptions", facility=facility, found=found
    )


@get("/manage/operations/{operation_id:str}", guards=[requires("manage.view")], include_in_schema=False)
async def operation(
    request: Request[Any, Any, Any],
    viewer: Viewer,
    operation_id: Annotated[str, Parameter(max_length=36)],
) -> Response[Any]:
    """One operation: who, when, where, its lines, and what stands against it."""
    found, cursor = await look(request, viewer, operation_page, operation_id)
    return live_page(
        request,
        "manage/operation.html",
        cursor,
        here="exceptions" if found.exceptions else "facilities",
        facility=found.place.code,
        found=found,
    )


handlers = [list_exceptions, operation]
