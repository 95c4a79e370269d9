"""What a late fact costs on a long card, beside an append at its end. In this process, without HTTP, on SQLite.

The card has 10,000 facts, an hour apart, every hundredth of them a count. Then pushes of one operation with one line
take turns: an issue of now, and an issue dated back to a random moment of that history. Two figures: the push with its
commit, and the work before the commit alone, for a flush to the disk costs both the same and would hide the difference.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.clock import HOUR_MS, system_clock, to_iso
from backend.db import Database
from sync.push import push, read_envelope
from tests.bench import house, workload
from tests.bench.figure import Figure
from tests.bench.wire import quiet
from tests.support import clinic
from tests.support.tablet import Kept, Tablet

FACTS = 10_000
COUNT_EVERY = 100
PAIRS = 200
TARGET = 5.0
LINE = {"product": clinic.code(0), "lot": {"number": "L0", "expiry": "2030-06-30"}}
WARD: dict[str, Any] = {"destination": {"ward": "Maternity"}}


def measure(share: float) -> list[Figure]:
    """Two figures."""
    facts = max(4 * COUNT_EVERY, round(FACTS * share))
    with (
        tempfile.TemporaryDirectory(prefix="bincard-bench-") as name,
        house.furnished(house.sqlite_url(Path(name))) as database,
    ):
        tablet = house.enrol(database)
        first = _fill(database, tablet, facts)
        pairs = _pairs(database, tablet, first, facts)
    return [
        _figure("late-fact", "the same push of an append", pairs, 1, facts),
        _figure("late-fact-work", "the work of an append before its commit", pairs, 0, facts),
    ]


Times = tuple[float, float]
"""Milliseconds of one push: until its commit, and with it."""


def _figure(name: str, baseline: str, pairs: list[tuple[Times, Times]], which: int, facts: int) -> Figure:
    appends = [append[which] for append, _ in pairs]
    lates = [late[which] for _, late in pairs]
    append, late = statistics.median(appends), statistics.median(lates)
    detail = {"facts": facts, "count_every": COUNT_EVERY, "pairs": len(pairs), "slowest_ms": max(lates)}
    return Figure(name, "ms", late, append, baseline, late / append, "ratio", "at most", TARGET, detail)


def _fill(database: Database, tablet: Tablet, facts: int) -> int:
    """The card's history, ending an hour ago; returns its first moment."""
    first = system_clock() - (facts + 1) * HOUR_MS
    send = house.pusher(database, tablet)
    for turn in range(facts):
        at = first + turn * HOUR_MS
        if turn % COUNT_EVERY == 0:
            tablet.record("stock.count", [LINE | {"counted": 1_000_000}], at=at)
        elif turn % 2:
            tablet.record("stock.receive", [LINE | {"quantity": 30}], at=at, source={"supplier": "central"})
        else:
            tablet.record("stock.issue", [LINE | {"quantity": 20}], at=at, **WARD)
    for body in workload.envelopes(tablet, tablet.kept):
        send(body)
    return first


def _pairs(database: Database, tablet: Tablet, first: int, facts: int) -> list[tuple[Times, Times]]:
    choose = random.Random(1)
    push_one = _timer(database, tablet)
    pairs = []
    with quiet():
        for _ in range(PAIRS):
            append = push_one(_issue(tablet))
            back_to = first + choose.randrange(facts * HOUR_MS)
            pairs.append((append, push_one(_issue(tablet, back_to))))
    return pairs


def _issue(tablet: Tablet, occurred_at: int | None = None) -> Kept:
    """An issue of now, or one that happened earlier and is recorded now."""
    tablet.record("stock.issue", [LINE | {"quantity": 1}], **WARD)
    kept = tablet.kept[-1]
    if occurred_at is not None:
        kept.text = json.dumps(json.loads(kept.text) | {"occurred_at": to_iso(occurred_at)})
    return kept


def _timer(database: Database, tablet: Tablet) -> Callable[[Kept], Times]:
    def push_one(kept: Kept) -> Times:
        body = tablet.envelope([kept])
        start = time.perf_counter()
        envelope, arrived = read_envelope(body)
        with database.writing() as session:
            answer = push(session, tablet.device, envelope, arrived, now=system_clock(), time_zone="UTC")
            session.flush()
            worked = time.perf_counter()
        done = time.perf_counter()
        assert answer["results"][0]["outcome"] in ("applied", "flagged"), answer  # type: ignore[index]
        return (worked - start) * 1000, (done - start) * 1000

    return push_one
