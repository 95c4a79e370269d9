"""Push and pull on a ledger of 5 million facts, beside one of 50 thousand. In this process, without HTTP, on SQLite.

The big one has ten times as many facilities, each card of which has ten times as long a history: 100 facilities of 500
cards with 100 facts each, beside 10 facilities of 500 cards with 10 facts each. A facility's tablet pushes a batch of
500 two-line operations over its cards, then pulls what changed; the next facility follows, and the two ledgers take
turns, so neither finds the pages of its cards warm from the push before. Filled by plain inserts (tests/bench/fill.py).

Takes a few minutes and about 4 GB in the folder for temporary files (TMPDIR), which is emptied at the end.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from backend.clock import system_clock
from backend.db import Database
from backend.services import rebuild
from sync.pull import pull
from tests.bench import house, workload
from tests.bench.figure import Figure
from tests.bench.fill import Shape, fill
from tests.bench.wire import quiet
from tests.support.tablet import Tablet

SMALL = Shape(10, workload.PRODUCTS, 10)
FACTS = 5_000_000
ROUNDS = 10
TARGET = 1.5


def measure(share: float) -> list[Figure]:
    """Two figures: push and pull."""
    factor = max(1, round((FACTS * share / SMALL.facts) ** 0.5))
    big = Shape(SMALL.facilities * factor, SMALL.cards, SMALL.facts_per_card * factor)
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name, ExitStack() as stack:
        small_ledger = _Ledger(Path(name) / "small.sqlite", SMALL, stack)
        small_ledger.check()
        start = time.perf_counter()
        big_ledger = _Ledger(Path(name) / "big.sqlite", big, stack)
        size = (Path(name) / "big.sqlite").stat().st_size
        print(
            f"  filled with {big.facts:,} facts in {time.perf_counter() - start:.0f} s, {size / 1e9:.1f} GB"
        )
        pairs = [(small_ledger.turn(n), big_ledger.turn(n)) for n in range(ROUNDS)]
    figures = []
    for which, what in enumerate(("push", "pull")):
        small_ms = statistics.median(small[which] for small, _ in pairs)
        big_ms = statistics.median(large[which] for _, large in pairs)
        rounds = [{"small": small[which], "big": large[which]} for small, large in pairs]
        detail = {"facts": big.facts, "baseline_facts": SMALL.facts, "file_gb": size / 1e9, "rounds": rounds}
        baseline = f"the same with {SMALL.facts:,} facts"
        ratio = big_ms / small_ms
        figures.append(
            Figure(
                f"big-ledger-{what}",
                "ms",
                big_ms,
                small_ms,
                baseline,
                ratio,
                "ratio",
                "at most",
                TARGET,
                detail,
            )
        )
    return figures


class _Ledger:
    """One ledger and a tablet at each of its facilities."""

    def __init__(self, file: Path, shape: Shape, stack: ExitStack) -> None:
        url = f"sqlite:///{file}"
        with house.furnished(url, facilities=shape.facilities) as database:
            self._tablets = [house.enrol(database, number) for number in range(1, shape.facilities + 1)]
        fill(str(file), shape, {n: tablet.device for n, tablet in enumerate(self._tablets, 1)})
        self._sent = shape.cards // 2 * shape.facts_per_card
        self._database = Database(url)
        stack.callback(self._database.close)

    def check(self) -> None:
        """A filled ledger must be one that pushes could have left: every projection is right."""
        with self._database.reading() as session:
            differences = rebuild.rebuild(session, check=True, now=system_clock(), time_zone="UTC")
        assert differences == [], f"the fill is not consistent: {differences[:5]}"

    def turn(self, number: int) -> tuple[float, float]:
        """Milliseconds of a push and of the pull after it, at another facility each time."""
        tablet = self._tablets[number % len(self._tablets)]
        cursor = self._pulled(tablet, None)["cursor"]
        kept = workload.record(tablet, workload.BATCH, seed=number, lots=1)
        for place, one in enumerate(kept, 1):
            one.seq = self._sent + number // len(self._tablets) * workload.BATCH + place
        body = tablet.envelope(kept)
        send = house.pusher(self._database, tablet)
        with quiet():
            start = time.perf_counter()
            answer = send(body)
            pushed = time.perf_counter()
            page = self._pulled(tablet, cursor)
            done = time.perf_counter()
        assert {result["outcome"] for result in answer["results"]} <= {"applied", "flagged"}
        assert page["covers"] == kept[-1].seq
        return (pushed - start) * 1000, (done - pushed) * 1000

    def _pulled(self, tablet: Tablet, cursor: str | None) -> Any:
        """The last page of a pull of all that is new."""
        while True:
            with self._database.reading() as session:
                page = pull(session, tablet.device, cursor, limit=1000, now=system_clock())
            cursor = page["cursor"]
            if not page["more"]:
                return page
