"""GET /sync/pull, the work behind it: the newest state of every row that changed since a cursor, once.

Shared rows (facilities, programs, products, reasons, people) bear numbers of one counter, rows of the
facility (cards, lots, exceptions, shipments) those of the facility's own. Numbers are given out in commit
order and read here in one snapshot, so a row committed late is never skipped. `covers` is read in the same
snapshot: up to that delivery number the device's own operations are contained in what is pulled.

What a device sees of shared data follows from its facility's type, zone and supplier and from whether anything is
approved for the type (`View`). When that changes all shared rows are looked at again. Access follows from the
person who enrolled the device: while they belong to the facility no more, nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, TypedDict

from msgspec import structs
from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from backend.clock import to_iso
from backend.models import ChangeCounter, Device, Facility, Meta
from backend.models.base import SHARED_SCOPE
from backend.problems import Problem
from backend.services.workplaces import belongs
from sync import cursor as cursors
from sync.cursor import GRANTED, WITHDRAWN, Cursor, View
from sync.entities import FACILITY_FEEDS, SHARED_FEEDS, Change, Feed, Found, Viewpoint
from sync.entities.products import is_narrowed

LIMIT_MAX = 2000

_newest = select(col(ChangeCounter.value)).where(col(ChangeCounter.scope) == SHARED_SCOPE)
_newest_own = select(col(ChangeCounter.value)).where(col(ChangeCounter.scope) == col(Device.facility_id))
_STANDING = (
    select(
        col(Device.facility_id),
        col(Device.user_id),
        col(Device.expected_seq),
        col(Facility.code),
        col(Facility.type_id),
        col(Facility.zone_id),
        col(Facility.supplied_by_id),
        select(col(Meta.value)).where(col(Meta.key) == "epoch").scalar_subquery(),
        func.coalesce(_newest.scalar_subquery(), 0),
        func.coalesce(_newest_own.correlate(Device).scalar_subquery(), 0),
    )
    .join(Facility, col(Facility.id) == col(Device.facility_id))
    .where(col(Device.id) == bindparam("device"))
)


class Answer(TypedDict):
    """A page: the whole of the answer's body."""

    epoch: str
    changes: list[Change]
    cursor: str
    more: bool
    remaining: int
    covers: int
    server_time: str


class _Standing(NamedTuple):
    """Where a device is, and how far the counters of its scopes have come."""

    facility_id: int
    user_id: int
    expected_seq: int
    code: str
    type_id: int
    zone_id: int
    supplier_id: int | None
    epoch: str
    newest: int
    newest_own: int

    @property
    def place(self) -> str:
        """The facility as cursors name it."""
        return str(self.facility_id)


@dataclass(frozen=True, slots=True)
class _Page:
    """Rows of one scope: those to send, the number up to which it was looked through, and the newest there is."""

    changes: list[Change]
    upto: int
    newest: int

    @property
    def left(self) -> int:
        """Numbers not looked at yet: as many rows at most."""
        return self.newest - self.upto

    @property
    def more(self) -> bool:
        """Whether the scope goes on."""
        return self.left > 0


def pull(session: Session, device_id: str, cursor_text: str | None, *, limit: int, now: int) -> Answer:
    """One page for a device.

    `limit` (1 to 2000) bounds the rows looked at. No cursor, or one of another epoch, starts from the
    beginning. Raises Problem 400 for a cursor that this server never gave out.
    """
    at = _standing(session, device_id)
    start = _read(cursor_text, at.epoch)
    granted = belongs(session, at.user_id, at.facility_id, now)
    access = GRANTED if granted else WITHDRAWN
    shared = own = _Page([], 0, 0)
    if granted:
        start = _resumed(session, at, start)
        shared, own, reached = _pages(session, at, start, limit, now)
    else:
        # What the device has of shared data is remembered: it may keep it, and is told later what of it is gone.
        reached = structs.replace(start, facilities={}, own_base=0)
    told: list[Change] = []
    if start.access != access:
        told = [
            {"entity": "access", "key": at.code, "row": {"facility": at.code, "granted": granted}},
        ]
    return {
        "epoch": at.epoch,
        "changes": told + shared.changes + own.changes,
        "cursor": structs.replace(reached, answered_at=now, access=access).encode(),
        "more": shared.more or own.more,
        "remaining": shared.left + own.left,
        "covers": at.expected_seq - 1,
        "server_time": to_iso(now),
    }


def _standing(session: Session, device_id: str) -> _Standing:
    return _Standing._make(session.execute(_STANDING, {"device": device_id}).one())


def _read(text: str | None, epoch: str) -> Cursor:
    if not text:
        return Cursor(epoch)
    try:
        found = cursors.decode(text)
    except ValueError as error:
        raise Problem(400, "bad_cursor", f"{error}; pull without one to start anew.") from None
    return found if found.epoch == epoch else Cursor(epoch)


def _resumed(session: Session, at: _Standing, start: Cursor) -> Cursor:
    """Where to go on: at the cursor, or with all shared rows again where they are seen from elsewhere now."""
    view = start.view
    if view is None or start.shared != at.newest:
        # All that a view follows from is shared data: while that stands, so does the view.
        narrowed = is_narrowed(session, at.type_id)
        view = View(at.type_id, at.zone_id, at.supplier_id or 0, narrowed)
    if view != start.view or start.access == WITHDRAWN:
        start = structs.replace(start.again(at.newest), view=view)
    if at.place not in start.facilities:
        start = structs.replace(start, facilities={at.place: 0}, own_base=at.newest_own)
    return start


def _pages(
    session: Session, at: _Standing, start: Cursor, limit: int, now: int
) -> tuple[_Page, _Page, Cursor]:
    """A page of shared rows and, once there are no more of them, of the facility's; and how far that reaches."""
    assert start.view is not None
    here = start.facilities[at.place]
    viewpoint = Viewpoint(
        session, at.facility_id, at.code, now, start.view, start.base, start.was, here, start.own_base
    )
    shared = _page(viewpoint, SHARED_FEEDS, start.shared, at.newest, limit)
    own = _Page([], here, at.newest_own)
    if not shared.more:
        room = max(1, limit - len(shared.changes))
        own = _page(viewpoint, FACILITY_FEEDS, here, at.newest_own, room)
    reached = structs.replace(start, shared=shared.upto, facilities=start.facilities | {at.place: own.upto})
    if not shared.more:
        reached = structs.replace(reached, base=0, was=())
    if not shared.more and not own.more:
        reached = structs.replace(reached, own_base=0)
    return shared, own, reached


def _page(viewpoint: Viewpoint, feeds: tuple[Feed, ...], after: int, newest: int, limit: int) -> _Page:
    if newest <= after:
        return _Page([], after, after)
    found: list[Found] = []
    for feed in feeds:
        found += feed(viewpoint, after, limit)
    found.sort(key=itemgetter(0))
    # Exactly a page full may hide more of the same table: better one empty page than a row skipped.
    upto = found[limit - 1][0] if len(found) >= limit else newest
    return _Page([change for number, change in found if number <= upto and change is not None], upto, newest)
