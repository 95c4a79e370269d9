"""/manage/facilities/{code}/messages: what was written to a facility, whether it was read, and writing to it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from msgspec import Meta, Struct

from backend.problems import Problem
from backend.services.feedback import messages_page, write_message
from backend.web.forms import FORM_BYTES_MAX, Form
from backend.web.forms import Text as Field
from backend.web.guards import requires
from backend.web.manage.looking import Code, Text, code_of, live_page, look, segment
from backend.web.pages import go_to
from backend.web.viewer import Viewer
from backend.web.wiring import Wiring

AnyRequest = Request[Any, Any, Any]
Long = Annotated[str, Meta(max_length=4000, pattern=r"\A[^\x00]*\Z")]
PATH = "/manage/facilities/{facility_code:str}/messages"


class NewMessage(Struct):
    """What is written; `about` is a product's code or empty."""

    text: Long = ""
    about: Field = ""


@get(PATH, guards=[requires("manage.view")], include_in_schema=False)
async def list_messages(
    request: AnyRequest, viewer: Viewer, facility_code: Code, about: Text = ""
) -> Response[Any]:
    """What was written, and the form for who may write."""
    return await _shown(request, viewer, facility_code, NewMessage(about=about))


@post(
    PATH,
    guards=[requires("feedback.write")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def write(
    request: AnyRequest, viewer: Viewer, facility_code: Code, data: Form[NewMessage]
) -> Response[Any]:
    """Write to the facility."""
    wiring = Wiring.of(request)
    found, _cursor = await look(request, viewer, messages_page, code_of(facility_code), data.about)
    viewer.require("feedback.write", found.place.id)
    try:
        await wiring.db.write(
            write_message,
            found.place.id,
            text=data.text,
            product_id=found.about.id if found.about else None,
            by=viewer.name,
            now=wiring.clock(),
        )
    except Problem as problem:
        return await _shown(request, viewer, facility_code, data, problem)
    return go_to(f"/manage/facilities/{segment(found.place.code)}/messages")


async def _shown(
    request: AnyRequest, viewer: Viewer, facility_code: str, data: NewMessage, problem: Problem | None = None
) -> Response[Any]:
    found, cursor = await look(request, viewer, messages_page, code_of(facility_code), data.about)
    answer = live_page(
        request,
        "manage/messages.html",
        cursor,
        here="facilities",
        facility=found.place.code,
        found=found,
        data=data,
        problem=problem,
        may_write=viewer.allows("feedback.write", found.place.id),
    )
    if problem is not None:
        answer.status_code = problem.status
    return answer


handlers = [list_messages, write]
