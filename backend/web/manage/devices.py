"""/manage/devices: enrolled tablets and phones, when each was last heard of, and ending one that is lost."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import Parameter
from sqlmodel import Session

from backend.services import devices
from backend.services.device_lists import DeviceLine, devices_in_sight
from backend.services.sight import Country, Sight
from backend.web.guards import requires
from backend.web.manage.device import read_one
from backend.web.manage.looking import Text, ZoneId, live_page, look
from backend.web.pages import go_to, page
from backend.web.viewer import Viewer
from backend.web.wiring import Wiring

DeviceId = Annotated[str, Parameter(max_length=36)]


@get("/manage/devices", guards=[requires("device.view")], include_in_schema=False)
async def list_devices(
    request: Request[Any, Any, Any],
    viewer: Viewer,
    show: Text = "",
    revoked: Text = "",
    facility: Text = "",
    zone: ZoneId = None,
) -> Response[Any]:
    """Devices in sight, of one facility or zone if named; `revoked` names one that was just revoked.

    `show=silent` those not heard of for long, `show=waiting` those with something that is not sent yet.
    """
    (lines, place), cursor = await look(request, viewer, _read, facility or None, zone)
    now = Wiring.of(request).clock()
    silent = {line.id for line in lines if line.is_silent(now)}
    waiting = {line.id for line in lines if line.waiting and line.revoked_at is None}
    shown = {"silent": silent, "waiting": waiting}.get(show)
    return live_page(
        request,
        "manage/devices.html",
        cursor,
        here="devices",
        facility=facility,
        lines=[line for line in lines if shown is None or line.id in shown],
        silent=silent,
        show=show,
        only={"facility": facility, "zone": zone},
        place=place,
        build=request.app.state["build"],
        just_revoked=next(
            (line for line in lines if line.id == revoked and line.revoked_at is not None), None
        ),
    )


@get("/manage/devices/{device_id:str}/revoke", guards=[requires("device.revoke")], include_in_schema=False)
async def ask_to_revoke(
    request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId
) -> Response[Any]:
    """What revoking means, and the button."""
    line, _cursor = await look(request, viewer, read_one, viewer, device_id)
    return page(request, "manage/revoke.html", here="devices", line=line)


@post(
    "/manage/devices/{device_id:str}/revoke",
    guards=[requires("device.revoke")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=1024,
)
async def revoke(request: Request[Any, Any, Any], viewer: Viewer, device_id: DeviceId) -> Response[Any]:
    """End the device's token."""
    wiring = Wiring.of(request)
    await look(request, viewer, read_one, viewer, device_id)
    await wiring.db.write(devices.revoke, device_id, wiring.clock())
    return go_to(f"/manage/devices?revoked={device_id}")


def _read(
    session: Session, sight: Sight, facility: str | None, zone: int | None
) -> tuple[list[DeviceLine], str]:
    """The devices of a facility (by its code), of a zone, or of all in sight, and the name of either."""
    if facility is None and zone is None:
        return devices_in_sight(session, sight.devices), ""
    country = Country(session, sight)
    if facility is not None:
        place = country.place(facility)
        return devices_in_sight(session, sight.devices, facility_ids=frozenset({place.id})), place.name
    assert zone is not None
    country.require_zone(zone)
    lines = devices_in_sight(session, sight.devices, facility_ids=country.below(zone))
    return lines, country.tree.nodes[zone].name


handlers = [list_devices, ask_to_revoke, revoke]
