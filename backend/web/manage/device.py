"""/manage/devices/{id}: one device, the people who may use it, and asking it to erase itself."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import Parameter
from sqlmodel import Session

from backend.problems import Problem
from backend.services.device_lists import DeviceLine, device_in_sight
from backend.services.device_people import people_of_devices, take_off
from backend.services.device_wipe import ask_to_wipe, call_off
from backend.services.sight import Sight
from backend.web.guards import requires
from backend.web.manage.looking import live_page, look
from backend.web.pages import go_to, page
from backend.web.viewer import Viewer
from backend.web.wiring import Wiring

DeviceId = Annotated[str, Parameter(max_length=36)]
UserId = Annotated[int, Parameter(ge=1, lt=2**31)]
FORM_BYTES_MAX = 1024


def read_one(session: Session, sight: Sight, viewer: Viewer, device_id: str) -> DeviceLine:
    """A device in sight. Raises Problem 403 where the person may not end its use."""
    line = device_in_sight(session, sight.devices, device_id)
    if not viewer.allows("device.revoke", line.facility_id):
        raise Problem(403, "not_permitted", "You have no right to this.")
    return line


@get("/manage/devices/{device_id:str}", guards=[requires("device.view")], include_in_schema=False)
async def show_device(request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId) -> Response[Any]:
    """What the device told of itself, who may use it, and what can be done about it."""
    (line, people), cursor = await look(request, viewer, _read, device_id)
    return live_page(
        request,
        "manage/device.html",
        cursor,
        here="devices",
        facility=line.facility_code,
        line=line,
        people=people,
        build=request.app.state["build"],
        may_end=viewer.allows("device.revoke", line.facility_id),
    )


@post(
    "/manage/devices/{device_id:str}/people/{user_id:int}/take-off",
    guards=[requires("device.revoke")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def take_person_off(
    request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId, user_id: UserId
) -> Response[Any]:
    """End a person's use of the device."""
    wiring = Wiring.of(request)
    await look(request, viewer, read_one, viewer, device_id)
    await wiring.db.write(take_off, device_id, user_id, wiring.clock())
    return go_to(f"/manage/devices/{device_id}")


@get("/manage/devices/{device_id:str}/wipe", guards=[requires("device.revoke")], include_in_schema=False)
async def ask_before_wipe(
    request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId
) -> Response[Any]:
    """What erasing means, and the button."""
    line, _cursor = await look(request, viewer, read_one, viewer, device_id)
    return page(request, "manage/wipe.html", here="devices", line=line)


@post(
    "/manage/devices/{device_id:str}/wipe",
    guards=[requires("device.revoke")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def wipe(request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId) -> Response[Any]:
    """Ask the device to send what it has and erase itself."""
    wiring = Wiring.of(request)
    await look(request, viewer, read_one, viewer, device_id)
    await wiring.db.write(ask_to_wipe, device_id, wiring.clock())
    return go_to(f"/manage/devices/{device_id}")


@post(
    "/manage/devices/{device_id:str}/keep",
    guards=[requires("device.revoke")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def keep(request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId) -> Response[Any]:
    """Take back that the device is to erase itself."""
    wiring = Wiring.of(request)
    await look(request, viewer, read_one, viewer, device_id)
    await wiring.db.write(call_off, device_id)
    return go_to(f"/manage/devices/{device_id}")


def _read(session: Session, sight: Sight, device_id: str) -> tuple[DeviceLine, list[tuple[int, str]]]:
    line = device_in_sight(session, sight.devices, device_id)
    return line, people_of_devices(session, [device_id])[device_id]


handlers = [show_device, take_person_off, ask_before_wipe, wipe, keep]
