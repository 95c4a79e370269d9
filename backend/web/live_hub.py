"""The hub of the live feed: one read per bell for all who watch, handed to a bounded queue for each.

A commit rings with the facilities it changed. Bells that come while a read is under way are answered by the
next one together. The hub's numbers are never changed in place but replaced, so that every batch carries
the numbers it brings its reader to, and a watcher that joins takes over exactly where it stands.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlmodel import Session

from backend.db import Database
from backend.services.live import Change, change_numbers, changes_after
from backend.web.live_bells import listen
from backend.web.live_frames import change_frame

WATCHERS_PER_PERSON_MAX = 12
QUEUE_MAX = 64
BREATH_S = 0.05

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read found, each change with its frame on the wire.

    `afresh` are facilities of which too much changed to be told one by one; `numbers` is where this leads to.
    """

    changes: Sequence[tuple[Change, bytes]]
    afresh: frozenset[int]
    numbers: Mapping[int, int]


@dataclass(eq=False, slots=True)
class Watcher:
    """One open feed. `numbers` is where it starts; a reader too slow for its queue is told to look afresh."""

    person: int
    numbers: Mapping[int, int] = field(default_factory=dict)
    behind: bool = False
    over: bool = False
    _queue: deque[Batch] = field(default_factory=deque)
    _bell: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> int:
        """How many batches its reader has not taken yet."""
        return len(self._queue)

    def put(self, batch: Batch) -> None:
        """Hand over a batch, or note that the reader has fallen behind and drop what it has not read."""
        if len(self._queue) >= QUEUE_MAX:
            self._queue.clear()
            self.behind = True
        self._queue.append(batch)
        self._bell.set()

    def finish(self) -> None:
        """Let the reader end at once."""
        self.over = True
        self._bell.set()

    async def batches(self, timeout_s: float) -> list[Batch]:
        """What has come since the last call, waiting for it at most so long; empty when nothing came."""
        try:
            await asyncio.wait_for(self._bell.wait(), timeout_s)
        except TimeoutError:
            return []
        self._bell.clear()
        taken = list(self._queue)
        self._queue.clear()
        return taken


class Hub:
    """Everyone who watches one database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._watchers: set[Watcher] = set()
        self._of_person: Counter[int] = Counter()
        self._numbers: Mapping[int, int] | None = None
        self._rung: set[int] = set()
        self._rung_for_all = False
        self._bell = asyncio.Event()
        self._reading = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to listen; call it in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._db.listeners.append(self._heard)
        self._tasks = [
            asyncio.create_task(self._answer_bells(), name="live-hub"),
            asyncio.create_task(listen(self._db, self.ring), name="live-bells"),
        ]

    async def close(self) -> None:
        """Let every watcher go and stop listening."""
        self._hang_up()
        self._db.listeners.remove(self._heard)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """End every open feed and take no new one, so that a server can finish; browsers come back by themselves.

        May be called from any thread, and from a signal's handler.
        """
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hang_up)

    def _hang_up(self) -> None:
        self._closed = True
        for watcher in self._watchers:
            watcher.finish()

    def ring(self, facilities: Iterable[int] | None) -> None:
        """Something changed there (None: anywhere). Call it in the event loop."""
        if facilities is None:
            self._rung_for_all = True
        else:
            self._rung.update(facilities)
        self._bell.set()

    @property
    def watching(self) -> int:
        """How many feeds are open."""
        return len(self._watchers)

    def has_room_for(self, person: int) -> bool:
        """Whether the person may open one more feed."""
        return self._of_person[person] < WATCHERS_PER_PERSON_MAX

    async def join(self, person: int) -> Watcher:
        """A new watcher at the present numbers; give it back with `leave`."""
        watcher = Watcher(person)
        self._of_person[person] += 1
        try:
            # Under the lock: no batch that is already in these numbers may be handed over.
            async with self._reading:
                if self._numbers is None:
                    self._numbers = await self._db.read(change_numbers)
                watcher.numbers = self._numbers
                self._watchers.add(watcher)
        except BaseException:
            self._forget(person)
            raise
        if self._closed:
            watcher.finish()
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forget a watcher; doing it twice changes nothing."""
        if watcher in self._watchers:
            self._watchers.discard(watcher)
            self._forget(watcher.person)

    def _forget(self, person: int) -> None:
        self._of_person[person] -= 1
        if not self._of_person[person]:
            del self._of_person[person]

    def _heard(self, facilities: frozenset[int]) -> None:
        # Called in a writer's thread, after its commit; a loop that is already gone has nobody to tell.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ring, facilities)

    async def _answer_bells(self) -> None:
        while True:
            await self._bell.wait()
            self._bell.clear()
            rung = None if self._rung_for_all else frozenset(self._rung)
            self._rung, self._rung_for_all = set(), False
            try:
                async with self._reading:
                    await self._tell(rung)
                # A push of many batches rings often; a breath between reads lets bells gather.
                await asyncio.sleep(BREATH_S)
            except Exception as error:
                # Whatever it was: the feed must not end for good, nor forget what was rung for, because the
                # database was away for a moment.
                log.warning("live_read_failed", error=type(error).__name__)
                self.ring(rung)
                await asyncio.sleep(1)

    async def _tell(self, rung: frozenset[int] | None) -> None:
        if not self._watchers:
            # The next to join starts from the database's own numbers.
            self._numbers = None
            return
        if self._numbers is None:
            return
        batch = await self._db.read(_look, self._numbers, rung)
        if batch is None:
            return
        self._numbers = batch.numbers
        if batch.changes or batch.afresh:
            for watcher in self._watchers:
                watcher.put(batch)


def _look(session: Session, known: Mapping[int, int], rung: frozenset[int] | None) -> Batch | None:
    """What changed past the known numbers at the facilities rung for (None: at all); None when nothing did."""
    numbers = change_numbers(session, rung)
    reached = {**known, **numbers}
    if any(number < known.get(facility, 0) for facility, number in numbers.items()):
        # Numbers only ever grow, but for a backup that was put in place under a running server.
        return Batch((), frozenset(numbers), reached)
    behind = {
        facility: known.get(facility, 0)
        for facility, number in numbers.items()
        if number > known.get(facility, 0)
    }
    if not behind:
        return None
    changes = changes_after(session, behind)
    if changes is None:
        return Batch((), frozenset(behind), reached)
    return Batch([(change, change_frame(change)) for change in changes], frozenset(), reached)
