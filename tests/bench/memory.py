"""What the server keeps in memory after 100,000 operations, beside what it had before them. Over HTTP, on SQLite.

Before: after a warm-up of ten batches, which loads what is loaded once. The resident size of the serving process and
of those it started, read when all is answered.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import psutil

from tests.bench import house, workload
from tests.bench.figure import Figure
from tests.bench.wire import Line, serving, timed_pushes
from tests.support.served import Served
from tests.support.tablet import Tablet

OPERATIONS = 100_000
WARM_UP = 5_000
CHUNK = 5_000
TARGET_MIB = 30.0
MIB = 2**20


def measure(share: float) -> list[Figure]:
    """One figure: the growth."""
    operations = max(CHUNK, round(OPERATIONS * share))
    sizes = []
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name:
        folder = Path(name)
        with house.furnished(house.sqlite_url(folder)) as database:
            tablet = house.enrol(database)
        served = Served(house.sqlite_url(folder), folder / "served")
        with serving(served) as server, closing(Line(server.url, tablet.token)) as line:
            _send(line, tablet, WARM_UP, seed=0)
            sizes.append(_resident(server.pid))
            for turn in range(operations // CHUNK):
                _send(line, tablet, CHUNK, seed=turn + 1)
                sizes.append(_resident(server.pid))
    before, after = sizes[0] / MIB, sizes[-1] / MIB
    detail = {"operations": operations, "resident_mib": [size / MIB for size in sizes]}
    return [
        Figure(
            "memory",
            "MiB",
            after - before,
            before,
            f"what the server had before (it ended with {after:.0f} MiB)",
            after / before,
            "figure",
            "at most",
            TARGET_MIB,
            detail,
        )
    ]


def _send(line: Line, tablet: Tablet, operations: int, *, seed: int) -> None:
    timed_pushes(line, workload.packed(tablet, workload.record(tablet, operations, seed=seed)))


def _resident(pid: int) -> int:
    """Bytes."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
