"""/manage/exceptions and /manage/operations/{id}: what looks wrong, the operations behind it, and deciding about it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import Parameter
from msgspec import Struct
from sqlmodel import Session

from backend.problems import Problem
from backend.services.exception_lists import Wanted, exceptions_page
from backend.services.exception_view import ExceptionPage, exception_page
from backend.services.operation_view import operation_page
from backend.services.sight import Sight
from backend.web.forms import FORM_BYTES_MAX, Form
from backend.web.forms import Text as Field
from backend.web.guards import requires
from backend.web.manage.looking import Code, Text, ZoneId, code_of, live_page, look, segment
from backend.web.pages import go_to
from backend.web.viewer import Viewer
from backend.web.wiring import Wiring
from sync.decisions import Choice, assign, options, resolve

AnyRequest = Request[Any, Any, Any]
Id = Annotated[str, Parameter(max_length=36)]
NOTE_MAX = 400


class DecisionForm(Struct):
    """What was chosen; `seen` is which decision the person looked at, the moment of it or empty for none."""

    action: Field = ""
    note: Field = ""
    expiry: Field = ""
    seen: Field = ""


class AssignForm(Struct):
    """Who is asked to look, by the name they sign in with; empty for nobody."""

    to: Field = ""


@get("/manage/exceptions", guards=[requires("exception.view")], include_in_schema=False)
async def list_exceptions(
    request: AnyRequest,
    viewer: Viewer,
    facility: Text = "",
    zone: ZoneId = None,
    code: Text = "",
    show: Text = "",
) -> Response[Any]:
    """Open exceptions in sight, by facility; `show=mine` those asked of the viewer, `show=resolved` decided ones."""
    mine = viewer.name if show == "mine" else ""
    wanted = Wanted(facility, zone, code, mine, show == "resolved")
    found, cursor = await look(request, viewer, exceptions_page, wanted)
    only = {"facility": facility, "zone": zone, "code": code}
    return live_page(
        request,
        "manage/exceptions.html",
        cursor,
        here="exceptions",
        facility=facility,
        found=found,
        only=only,
        show=show,
    )


@get(
    "/manage/exceptions/{facility_code:str}/{exception_id:str}",
    guards=[requires("exception.view")],
    include_in_schema=False,
)
async def one_exception(
    request: AnyRequest, viewer: Viewer, facility_code: Code, exception_id: Id
) -> Response[Any]:
    """One exception: what is wrong, what it is about, who was asked, what was decided or can be."""
    return await _shown(request, viewer, facility_code, exception_id)


@post(
    "/manage/exceptions/{facility_code:str}/{exception_id:str}",
    guards=[requires("exception.resolve")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def decide(
    request: AnyRequest, viewer: Viewer, facility_code: Code, exception_id: Id, data: Form[DecisionForm]
) -> Response[Any]:
    """Decide. What cannot be done is said beside the form, which keeps what was typed."""
    wiring = Wiring.of(request)
    now = wiring.clock()
    found, _cursor = await look(request, viewer, _readable, viewer, facility_code, exception_id)

    def work(session: Session) -> None:
        seen = int(data.seen) if data.seen.isascii() and data.seen.isdigit() else 0
        choice = Choice(data.action, viewer.name, data.note[:NOTE_MAX], _expiry(data), over=seen)
        resolve(session, found.place.id, exception_id, choice, now=now, time_zone=wiring.settings.time_zone)

    try:
        await wiring.db.write(work)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _shown(request, viewer, facility_code, exception_id, data, problem)
    return go_to(_address(found))


@post(
    "/manage/exceptions/{facility_code:str}/{exception_id:str}/assign",
    guards=[requires("exception.resolve")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def ask(
    request: AnyRequest, viewer: Viewer, facility_code: Code, exception_id: Id, data: Form[AssignForm]
) -> Response[Any]:
    """Ask somebody who may decide to look at it, or take that back."""
    wiring = Wiring.of(request)
    now = wiring.clock()
    found, _cursor = await look(request, viewer, _readable, viewer, facility_code, exception_id)
    to = data.to.strip()
    try:
        if to and to not in found.people:
            raise Problem(
                422, "unknown_person", "Nobody of this name may decide here. Choose one of the list."
            )
        await wiring.db.write(assign, found.place.id, exception_id, to, now=now)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _shown(
            request, viewer, facility_code, exception_id, DecisionForm(), problem, asking=True
        )
    return go_to(_address(found))


@get("/manage/operations/{operation_id:str}", guards=[requires("manage.view")], include_in_schema=False)
async def operation(request: AnyRequest, viewer: Viewer, operation_id: Id) -> Response[Any]:
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


async def _shown(
    request: AnyRequest,
    viewer: Viewer,
    facility_code: str,
    exception_id: str,
    typed: DecisionForm | None = None,
    problem: Problem | None = None,
    *,
    asking: bool = False,
) -> Response[Any]:
    """The page of an exception, with what was typed and why it could not be done after a refused form."""
    found, cursor = await look(request, viewer, exception_page, code_of(facility_code), exception_id)
    line = found.line
    own = line.code == "variance_changed" and line.operation.author == viewer.name
    answer = live_page(
        request,
        "manage/exception.html",
        cursor,
        here="exceptions",
        facility=found.place.code,
        found=found,
        one=line,
        home=_address(found),
        choices=() if own or line.state == "closed" else options(line.code),
        own_variance=own,
        may_decide=_may_decide(viewer, found),
        typed=typed or DecisionForm(),
        problem=problem,
        asking=asking,
    )
    if problem is not None:
        answer.status_code = problem.status
    return answer


def _address(found: ExceptionPage) -> str:
    return f"/manage/exceptions/{segment(found.place.code)}/{found.line.id}"


def _may_decide(viewer: Viewer, found: ExceptionPage) -> bool:
    """Whether the viewer may decide; who is narrowed to some products only about those products' cards."""
    in_sight = viewer.access.programs is None or found.line.product_id is not None
    return in_sight and viewer.allows("exception.resolve", found.place.id)


def _readable(
    session: Session, sight: Sight, viewer: Viewer, facility_code: str, exception_id: str
) -> ExceptionPage:
    found = exception_page(session, sight, code_of(facility_code), exception_id)
    if not _may_decide(viewer, found):
        raise Problem(403, "not_permitted", "You have no right to this.")
    return found


def _expiry(data: DecisionForm) -> date | None:
    if data.action != "expiry":
        return None
    try:
        return date.fromisoformat(data.expiry)
    except ValueError:
        raise Problem(422, "no_date", "Say which expiry date is right.") from None


handlers = [list_exceptions, one_exception, decide, ask, operation]
