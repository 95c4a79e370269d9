"""GET /live: what changes in a person's facilities, as server-sent events, resumable where it was cut.

Events are `card`, `exception` and `refresh` (too much to tell one by one: look again). The cursor travels
after the events it covers, so that a line cut between them repeats events and never skips one.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, Request, get
from litestar.params import FromQuery
from litestar.response import Stream
from sqlmodel import Session

from backend.domain.change_vector import UnknownCursor, pack, unpack
from backend.problems import Problem
from backend.services.changes import epoch
from backend.services.live import Change, change_numbers, changes_after
from backend.services.scope import Scope, products_in_view
from backend.web.guards import requires
from backend.web.live_end import hung_up_on_signal
from backend.web.live_frames import HEARTBEAT, OPENING, change_frame, cursor_frame, refresh_frame
from backend.web.live_hub import Batch, Hub, Watcher
from backend.web.viewer import Viewer, identify
from backend.web.wiring import Wiring

HEARTBEAT_S = 15.0
RIGHT = "stock.view"
RIGHT_TO_EXCEPTIONS = "exception.view"


@dataclass(frozen=True)
class View:
    """What one person is told of."""

    cards: Scope
    exceptions: Scope

    def shows(self, change: Change) -> bool:
        """Whether this change is for this person."""
        scope = self.cards if change.event == "card" else self.exceptions
        return scope.has_facility(change.facility_id) and (
            change.product_id is None or scope.has_product(change.product_id)
        )

    def cursor(self, of: str, numbers: Mapping[int, int]) -> str:
        """The cursor at these numbers, of the facilities in view alone."""
        places = self.cards.facilities
        return pack(of, numbers if places is None else {id_: numbers.get(id_, 0) for id_ in places})


def view_of(session: Session, viewer: Viewer) -> View:
    """What this person may be told of now."""
    products = products_in_view(session, viewer.access)
    return View(
        Scope(viewer.facilities(RIGHT), products), Scope(viewer.facilities(RIGHT_TO_EXCEPTIONS), products)
    )


def cursor_of_page(session: Session, viewer: Viewer) -> str:
    """The cursor of what a page shows; read it in the page's own snapshot, before anything else."""
    return view_of(session, viewer).cursor(epoch(session), change_numbers(session))


@asynccontextmanager
async def feeding(app: Litestar) -> AsyncIterator[None]:
    """For as long as the application runs: the hub that its feeds hang on."""
    hub = Hub(app.state.wiring.db)
    app.state.hub = hub
    hub.start()
    try:
        with hung_up_on_signal(hub):
            yield
    finally:
        await hub.close()


@get("/live", guards=[requires(RIGHT)], include_in_schema=False)
async def live(
    request: Request[Any, Any, Any], viewer: Viewer, cursor: FromQuery[str | None] = None
) -> Stream:
    """Open a feed. `Last-Event-ID` (or `cursor` on a page's first connect) says what is already known."""
    hub: Hub = request.app.state.hub
    known = request.headers.get("last-event-id") or cursor
    if not hub.has_room_for(viewer.user_id):
        raise Problem(
            429,
            "too_many_watchers",
            "You have too many live pages open. Close one.",
            headers={"Retry-After": "30"},
        )
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_frames(request, viewer, hub, known), media_type="text/event-stream", headers=headers)


async def _frames(
    request: Request[Any, Any, Any], viewer: Viewer, hub: Hub, known: str | None
) -> AsyncIterator[bytes]:
    if not hub.has_room_for(viewer.user_id):
        # Others of the person's were let in at the same moment.
        return
    wiring = Wiring.of(request)
    watcher = await hub.join(viewer.user_id)
    try:
        of, view, missed = await wiring.db.read(_catch_up, viewer, watcher.numbers, known)
        yield OPENING + missed
        asked_at = time.monotonic()
        while not watcher.over:
            batches = await watcher.batches(HEARTBEAT_S)
            if time.monotonic() - asked_at >= HEARTBEAT_S:
                # Signed out, disabled or moved meanwhile: the browser comes back and is told.
                again = await identify(request, wiring.db, wiring.settings, wiring.clock)
                if again is None or again.access != viewer.access:
                    return
                asked_at = time.monotonic()
            frames = _told(watcher, batches, view, of)
            if frames or not batches:
                yield frames or HEARTBEAT
    finally:
        hub.leave(watcher)


def _catch_up(
    session: Session, viewer: Viewer, reached: Mapping[int, int], known: str | None
) -> tuple[str, View, bytes]:
    """The epoch, the person's view, and the frames that bring them from what they know to `reached`."""
    of, view = epoch(session), view_of(session, viewer)
    here = view.cursor(of, reached)
    if known is None:
        return of, view, cursor_frame(here)
    try:
        before = unpack(of, known)
    except UnknownCursor:
        return of, view, refresh_frame(here)
    behind = {
        facility: before.get(facility, 0)
        for facility, number in reached.items()
        if view.cards.has_facility(facility) and before.get(facility, 0) < number
    }
    changes = changes_after(session, behind)
    if changes is None:
        return of, view, refresh_frame(here)
    # What is newer than the hub's numbers comes again through the queue, once.
    fresh = [change for change in changes if change.number <= reached[change.facility_id]]
    told = b"".join(change_frame(change) for change in fresh if view.shows(change))
    return of, view, told + cursor_frame(here)


def _told(watcher: Watcher, batches: list[Batch], view: View, of: str) -> bytes:
    """The frames of some batches for one person; empty when none of it is for them."""
    if not batches:
        return b""
    here = batches[-1].numbers
    afresh = any(view.cards.has_facility(id_) for batch in batches for id_ in batch.afresh)
    if watcher.behind or afresh:
        watcher.behind = False
        return refresh_frame(view.cursor(of, here))
    frames = b"".join(frame for batch in batches for change, frame in batch.changes if view.shows(change))
    return frames + cursor_frame(view.cursor(of, here)) if frames else b""
