"""How fast a tablet's queue goes into the ledger over HTTP, beside a bare loop that writes the same rows.

Bincard: one process, as `bincard serve` starts it; one client that posts gzipped batches made before the
clock starts, one after the other, on one kept connection. From the first request to the last answer.

Bare: the database's own driver and nothing else, on a copy of the same database from before the replay, so with the
same schema, indices and triggers, and with the same durability. One transaction a batch, one `executemany` a
statement. The rows are those that Bincard writes in each batch, cards that are updated and the device's and the
facility's counters too (tests/bench/written.py says how they are found): a twin of the database takes the same batches
before, untimed. No HTTP, no JSON, no reads, no fold, no checks. Afterwards all three databases are compared.

Each round has a queue of its own and measures both sides one after the other; the median of the rounds' ratios counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from backend.clock import DAY_MS
from backend.db import Database
from tests.bench import house, workload
from tests.bench.figure import Figure
from tests.bench.wire import Line, serving, timed_pushes
from tests.bench.written import Statement, Watched, sizes
from tests.support.served import Served
from tests.support.tablet import Tablet

OPERATIONS = 10_000
ROUNDS = 5


class Store(Protocol):
    """A kind of database, with a furnished one to copy from."""

    mark: str
    """The driver's sign for a value."""

    warm_up: int
    """How many operations a furnished database takes before it is copied."""

    def furnished(self) -> AbstractContextManager[Database]:
        """The database to copy from, open to be furnished."""

    def warmed_up(self) -> None:
        """Told after the warm-up, before the first copy."""

    def copy(self, name: str) -> str:
        """The address of a fresh copy."""

    def drop(self, name: str) -> None:
        """Have done with a copy."""

    def connect(self, url: str) -> Any:
        """A connection of the bare driver that commits each statement by itself; closes when closed."""

    def write(self, url: str, batches: list[list[Statement]]) -> float:
        """The bare loop: seconds."""


@dataclass(frozen=True)
class _Round:
    """Operations a second."""

    bincard: float
    bare: float
    flagged: float
    """Share of the operations that raised an exception."""


def measure(
    name: str, store: Store, folder: Path, share: float, target: float, baseline: str
) -> list[Figure]:
    """Rounds of both sides. `share` of the operations; `folder` is the servers'."""
    operations = max(workload.BATCH, round(OPERATIONS * share))
    with store.furnished() as database:
        tablet = house.enrol(database)
        before = workload.record(tablet, store.warm_up, seed=0, ago_ms=DAY_MS)
        send = house.pusher(database, tablet)
        for body in workload.envelopes(tablet, before):
            send(body)
    store.warmed_up()
    rounds = [_round(store, tablet, folder, seed, operations) for seed in range(1, ROUNDS + 1)]
    return [
        Figure(
            name,
            "op/s",
            statistics.median(one.bincard for one in rounds),
            statistics.median(one.bare for one in rounds),
            baseline,
            statistics.median(one.bincard / one.bare for one in rounds),
            "ratio",
            "at least",
            target,
            {
                "operations": operations,
                "lines_per_operation": workload.LINES,
                "batch": workload.BATCH,
                "flagged": statistics.median(one.flagged for one in rounds),
                "rounds": [{"bincard": one.bincard, "bare": one.bare} for one in rounds],
            },
        )
    ]


def _round(store: Store, enrolled: Tablet, folder: Path, seed: int, operations: int) -> _Round:
    tablet = replace(enrolled, kept=list(enrolled.kept))
    kept = workload.record(tablet, operations, seed=seed)
    packed = workload.packed(tablet, kept)
    batches, twin = _watch(store, tablet, workload.envelopes(tablet, kept))
    served_url, bare_url = store.copy("served"), store.copy("bare")
    with serving(Served(served_url, folder)) as server, closing(Line(server.url, tablet.token)) as line:
        seconds, results = timed_pushes(line, packed)
    assert len(results) == operations
    bare_seconds = store.write(bare_url, batches)
    with closing(store.connect(bare_url)) as bare, closing(store.connect(served_url)) as served:
        assert Watched(bare).seen == twin, "the bare loop wrote other rows than Bincard"
        assert sizes(Watched(served).seen) == sizes(twin), (
            "the twin wrote other rows than the served database"
        )
    store.drop("served")
    store.drop("bare")
    flagged = sum(result["outcome"] == "flagged" for result in results) / operations
    return _Round(operations / seconds, operations / bare_seconds, flagged)


def _watch(store: Store, tablet: Tablet, bodies: list[bytes]) -> tuple[list[list[Statement]], dict[str, Any]]:
    """What the batches write, and what the tables hold at the end: found in a twin, which is dropped."""
    url = store.copy("twin")
    with closing(store.connect(url)) as connection:
        watched = Watched(connection)
        database = Database(house.with_driver(url))
        send: Callable[[bytes], Any] = house.pusher(database, tablet)
        for body in bodies:
            send(body)
            watched.after_batch()
        database.close()
        batches = watched.statements(store.mark)
    store.drop("twin")
    return batches, watched.seen
