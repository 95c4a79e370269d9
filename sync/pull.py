"""GET /sync/pull, the work behind it: the newest state of every row that changed since a cursor, once.

Shared rows (facilities, programs, products, reasons, people) bear numbers of one counter, rows of the
facility (cards, lots, exceptions) those of the facility's own. Numbers are given out in commit order
and read here in one snapshot, so a row committed late is never skipped. `covers` is read in the same
snapshot: up to that delivery number the device's own operations are contained in what is pulled.
Rows that only some facilities see are passed over, but the cursor moves past them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from sqlmodel import Session, select

from backend.clock import to_iso
from backend.models import Device
from backend.problems import Problem
from backend.services import changes
from backend.services.changes import last_change
from sync import cursor as cursors
from sync.cursor import Cursor
from sync.entities import FACILITY_FEEDS, SHARED_FEEDS, Feed, Viewpoint

LIMIT_MAX = 2000


@dataclass(frozen=True, slots=True)
class _Page:
    """Rows of one scope: those to send, the number up to which it was looked through, and the newest there is."""

    changes: list[dict[str, object]]
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


def pull(
    session: Session, device_id: str, cursor_text: str | None, *, limit: int, now: int
) -> dict[str, object]:
    """One page for a device; the whole of the answer's body.

    `limit` (1 to 2000) bounds the rows looked at. No cursor, or one of another epoch, starts from the
    beginning. Raises Problem 400 for a cursor that this server never gave out.
    """
    device = session.exec(select(Device).where(Device.id == device_id)).one()
    epoch = changes.epoch(session)
    start = _start(cursor_text, epoch)
    place = str(device.facility_id)
    viewpoint = Viewpoint(session, device.facility_id, now)
    view = viewpoint.facility.change
    # A facility that moved, changed its type or is supplied by another sees rows that did not change themselves.
    shared = _page(session, viewpoint, SHARED_FEEDS, 0, start.shared if start.place == view else 0, limit)
    here = start.facilities.get(place, 0)
    own = _Page([], here, last_change(session, device.facility_id))
    if not shared.more:
        room = max(1, limit - len(shared.changes))
        own = _page(session, viewpoint, FACILITY_FEEDS, device.facility_id, here, room)
    reached = Cursor(epoch, shared.upto, start.facilities | {place: own.upto}, now, view)
    return {
        "epoch": epoch,
        "changes": shared.changes + own.changes,
        "cursor": reached.encode(),
        "more": shared.more or own.more,
        "remaining": shared.left + own.left,
        "covers": device.expected_seq - 1,
        "server_time": to_iso(now),
    }


def _start(text: str | None, epoch: str) -> Cursor:
    if not text:
        return Cursor(epoch)
    try:
        found = cursors.decode(text)
    except ValueError as error:
        raise Problem(400, "bad_cursor", f"{error}; pull without one to start anew.") from None
    return found if found.epoch == epoch else Cursor(epoch)


def _page(
    session: Session, viewpoint: Viewpoint, feeds: tuple[Feed, ...], scope: int, after: int, limit: int
) -> _Page:
    newest = last_change(session, scope)
    if newest <= after:
        return _Page([], after, after)
    found: list[tuple[int, dict[str, object] | None]] = []
    for feed in feeds:
        found += _looked_at(feed, viewpoint, after, limit)
    found.sort(key=itemgetter(0))
    taken = found[:limit]
    # Exactly a page full may hide more of the same table: better one empty page than a row skipped.
    upto = taken[-1][0] if len(taken) == limit else newest
    return _Page([change for _, change in taken if change is not None], upto, newest)


def _looked_at(
    feed: Feed, viewpoint: Viewpoint, after: int, limit: int
) -> Iterator[tuple[int, dict[str, object] | None]]:
    for number, key, row in feed(viewpoint, after, limit):
        yield number, None if row is None else {"entity": feed.entity, "key": key, "row": row}
