"""`make bench`: run every benchmark, print a table, write bench.json."""

from __future__ import annotations

import json
import os
import platform
import statistics
from pathlib import Path

from tests.bench import replay

ROUNDS = 3


def main() -> None:
    """Each round measures Bincard and the baseline one after the other; the medians of the rounds count."""
    print(
        f"Replay of {replay.OPERATIONS:,} queued operations, {replay.BATCH} a batch, over HTTP into SQLite (FULL)"
    )
    print(f"{'':8}{'Bincard':>14}{'bare sqlite3':>16}{'ratio':>8}")
    rounds = []
    for number in range(1, ROUNDS + 1):
        measured = replay.measure(seed=number)
        rounds.append(measured)
        _row(f"round {number}", measured.bincard, measured.bare, measured.ratio)
    bincard = statistics.median(each.bincard for each in rounds)
    bare = statistics.median(each.bare for each in rounds)
    ratio = statistics.median(each.ratio for each in rounds)
    _row("median", bincard, bare, ratio)
    written = {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.system(),
        },
        "replay": {
            "operations": replay.OPERATIONS,
            "lines_per_operation": replay.LINES,
            "batch": replay.BATCH,
            "bincard_operations_per_s": round(bincard),
            "bare_operations_per_s": round(bare),
            "ratio": round(ratio, 3),
            "rounds": [{"bincard": round(each.bincard), "bare": round(each.bare)} for each in rounds],
        },
    }
    Path("bench.json").write_text(json.dumps(written, indent=2) + "\n")


def _row(name: str, bincard: float, bare: float, ratio: float) -> None:
    print(f"{name:8}{bincard:>10,.0f} op/s{bare:>12,.0f} op/s{ratio:>8.2f}", flush=True)


main()
