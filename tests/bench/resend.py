"""How fast operations that were answered already are answered again, beside applying them.

A device whose answers were lost on the way sends the same texts again, and must get the first answers. Both over HTTP
into SQLite as in tests/bench/replay.py, one pass after the other on one server; each round has a new database.
"""

from __future__ import annotations

import statistics
import tempfile
from contextlib import closing
from pathlib import Path

from tests.bench import house, workload
from tests.bench.figure import Figure
from tests.bench.wire import Line, serving, timed_pushes
from tests.support.served import Served

OPERATIONS = 10_000
ROUNDS = 3
TARGET = 2.0


def measure(share: float) -> list[Figure]:
    """One figure."""
    operations = max(workload.BATCH, round(OPERATIONS * share))
    rounds = [_round(seed, operations) for seed in range(1, ROUNDS + 1)]
    return [
        Figure(
            "resend",
            "op/s",
            statistics.median(again for _, again in rounds),
            statistics.median(first for first, _ in rounds),
            "applying the same operations",
            statistics.median(again / first for first, again in rounds),
            "ratio",
            "at least",
            TARGET,
            {"operations": operations, "rounds": [{"first": one, "again": two} for one, two in rounds]},
        )
    ]


def _round(seed: int, operations: int) -> tuple[float, float]:
    """Operations a second: applied, then answered again."""
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name:
        folder = Path(name)
        with house.furnished(house.sqlite_url(folder)) as database:
            tablet = house.enrol(database)
        packed = workload.packed(tablet, workload.record(tablet, operations, seed=seed))
        served = Served(house.sqlite_url(folder), folder / "served")
        with serving(served) as server, closing(Line(server.url, tablet.token)) as line:
            applying, applied = timed_pushes(line, packed)
            answering, answered = timed_pushes(line, packed)
    assert not any(result["replayed"] for result in applied)
    assert [result | {"replayed": True} for result in applied] == answered
    return operations / applying, operations / answering
