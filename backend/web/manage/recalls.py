"""/manage/recalls: lots that were called back, where they are and what facilities did; opening and closing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct
from sqlmodel import Session

from backend.problems import Problem
from backend.services.recall_edits import close_recall, covers, open_recall, zones_of
from backend.services.recalls import (
    Holding,
    RecallPage,
    held_lots,
    recall_in_sight,
    recall_page,
    recalls_page,
)
from backend.services.sight import Country, Item, Sight
from backend.services.stock_lists import matches
from backend.web.forms import FORM_BYTES_MAX, Form
from backend.web.forms import Text as Field
from backend.web.guards import requires
from backend.web.manage.looking import Code, Text, code_of, live_page, look
from backend.web.pages import go_to, page
from backend.web.viewer import Viewer
from backend.web.wiring import Wiring

AnyRequest = Request[Any, Any, Any]
RecallId = Annotated[str, Parameter(max_length=36)]
Long = Annotated[str, Meta(max_length=4000, pattern=r"\A[^\x00]*\Z")]
HOME = "/manage/recalls"
# Written out: a field forgotten must not call something back in the whole country.
EVERYWHERE = "*"
PRODUCTS_MAX = 50


class NewRecall(Struct):
    """The form of a recall: `which` is `all` or `some`, `lot` those that were ticked, `others` a line each."""

    zone: Field = ""
    which: Field = ""
    lot: Field | list[Field] = ""
    others: Long = ""
    reason: Field = ""
    instruction: Long = ""

    @property
    def ticked(self) -> list[str]:
        """The lots that were ticked."""
        return [self.lot] if isinstance(self.lot, str) else self.lot

    @property
    def lots(self) -> list[str]:
        """What is called back, none for all of the product. Raises Problem 422 where it is not said."""
        if self.which == "all":
            return []
        named = [one.strip() for one in [*self.ticked, *self.others.splitlines()] if one.strip()]
        if self.which != "some" or not named:
            raise Problem(422, "no_lots", "Say which lots are called back, or that all are.")
        return named


@dataclass(frozen=True)
class _Asked:
    """What the form of a product offers: its lots in sight, and the zones for which the person may call it back."""

    item: Item
    lots: list[Holding]
    zones: list[tuple[int, str]]


@get(HOME, guards=[requires("manage.view")], include_in_schema=False)
async def list_recalls(request: AnyRequest, viewer: Viewer) -> Response[Any]:
    """Recalls in sight, open ones first."""
    lines, cursor = await look(request, viewer, recalls_page)
    return live_page(request, "manage/recalls.html", cursor, here="recalls", lines=lines)


@get(f"{HOME}/new", guards=[requires("recall.edit")], include_in_schema=False)
async def choose_product(request: AnyRequest, viewer: Viewer, q: Text = "") -> Response[Any]:
    """Which product is called back."""
    items, cursor = await look(request, viewer, _items)
    found = [one for one in items if q and matches(q, one.name, one.code, one.category)]
    return live_page(
        request,
        "manage/recall_product.html",
        cursor,
        here="recalls",
        items=found[:PRODUCTS_MAX],
        total=len(found),
        q=q,
    )


@get(f"{HOME}/new/{{product_code:str}}", guards=[requires("recall.edit")], include_in_schema=False)
async def new_recall(request: AnyRequest, viewer: Viewer, product_code: Code) -> Response[Any]:
    """The form of a recall of one product."""
    return await _form(request, viewer, product_code, NewRecall())


@post(
    f"{HOME}/new/{{product_code:str}}",
    guards=[requires("recall.edit")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def add_recall(
    request: AnyRequest, viewer: Viewer, product_code: Code, data: Form[NewRecall]
) -> Response[Any]:
    """Call it back. What is missing is said beside the form, which keeps what was typed."""
    wiring = Wiring.of(request)
    asked, _cursor = await look(request, viewer, _asked, viewer, code_of(product_code))
    allowed = {str(id_): id_ for id_, _path in asked.zones}
    if data.zone not in allowed and not (
        data.zone == EVERYWHERE and viewer.facilities("recall.edit") is None
    ):
        raise Problem(404, "not_found", "There is nothing here.")
    try:
        id_ = await wiring.db.write(
            open_recall,
            product_id=asked.item.id,
            lots=data.lots,
            reason=data.reason,
            instruction=data.instruction,
            zone_id=allowed.get(data.zone),
            by=viewer.name,
            now=wiring.clock(),
        )
    except Problem as problem:
        return await _form(request, viewer, product_code, data, problem)
    return go_to(f"{HOME}/{id_}")


@get(f"{HOME}/{{recall_id:str}}", guards=[requires("manage.view")], include_in_schema=False)
async def one_recall(request: AnyRequest, viewer: Viewer, recall_id: RecallId) -> Response[Any]:
    """One recall, facility by facility."""
    (found, may_close), cursor = await look(request, viewer, _read_one, viewer, recall_id)
    return live_page(
        request,
        "manage/recall.html",
        cursor,
        here="recalls",
        product=found.line.item.code,
        found=found,
        line=found.line,
        may_close=may_close,
    )


@post(
    f"{HOME}/{{recall_id:str}}/close",
    guards=[requires("recall.edit")],
    include_in_schema=False,
    status_code=303,
    request_max_body_size=FORM_BYTES_MAX,
)
async def close(request: AnyRequest, viewer: Viewer, recall_id: RecallId) -> Response[Any]:
    """End it: tablets drop it at their next sync."""
    wiring = Wiring.of(request)
    (_found, may_close), _cursor = await look(request, viewer, _read_one, viewer, recall_id)
    if not may_close:
        raise Problem(403, "not_permitted", "You have no right to this.")
    await wiring.db.write(close_recall, recall_id, by=viewer.name, now=wiring.clock())
    return go_to(f"{HOME}/{recall_id}")


async def _form(
    request: AnyRequest, viewer: Viewer, product_code: str, data: NewRecall, problem: Problem | None = None
) -> Response[Any]:
    asked, _cursor = await look(request, viewer, _asked, viewer, code_of(product_code))
    return page(
        request,
        "manage/recall_new.html",
        status=problem.status if problem else 200,
        here="recalls",
        asked=asked,
        address=f"{HOME}/new/{product_code}",
        everywhere=EVERYWHERE if viewer.facilities("recall.edit") is None else "",
        data=data,
        problem=problem,
    )


def _items(session: Session, sight: Sight) -> list[Item]:
    return list(Country(session, sight).items.values())


def _asked(session: Session, sight: Sight, viewer: Viewer, code: str) -> _Asked:
    country = Country(session, sight)
    item = country.item(code)
    zones = zones_of(session, country, viewer.facilities("recall.edit"))
    return _Asked(item, held_lots(session, country, item), zones)


def _read_one(session: Session, sight: Sight, viewer: Viewer, recall_id: str) -> tuple[RecallPage, bool]:
    country = Country(session, sight)
    row = recall_in_sight(session, country, recall_id)
    places = viewer.facilities("recall.edit")
    may_close = viewer.allows("recall.edit") and covers(session, country, places, row.zone_id)
    return recall_page(session, sight, recall_id), may_close


handlers = [list_recalls, choose_product, new_recall, add_recall, one_recall, close]
