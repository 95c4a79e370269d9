"""What the benchmarks replay: a tablet's queue of issues, receipts and counts, as it would have been saved."""

from __future__ import annotations

import gzip
import random
from typing import Any

from backend.clock import MINUTE_MS, system_clock
from tests.support import clinic
from tests.support.tablet import Kept, Tablet

LINES = 2
BATCH = 500
PRODUCTS = 500
LOTS = 3


def record(
    tablet: Tablet, operations: int, *, seed: int, lots: int = LOTS, ago_ms: int = MINUTE_MS
) -> list[Kept]:
    """Save so many operations a second apart, the newest a minute ago: half issues, the rest receipts and counts.

    Two lines each, over 500 products of so many lots. Returns what was recorded here.
    """
    choose = random.Random(seed)
    first = system_clock() - ago_ms - operations * 1000
    before = len(tablet.kept)
    for turn in range(operations):
        kind, lines, body = _work(choose, lots)
        tablet.record(kind, lines, at=first + turn * 1000, **body)
    return tablet.kept[before:]


def _work(choose: random.Random, lots: int) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {
            "product": clinic.code(number),
            "lot": {"number": f"L{choose.randrange(lots)}", "expiry": "2030-06-30"},
        }
        for number in choose.sample(range(PRODUCTS), LINES)
    ]
    kind = choose.choices(["stock.issue", "stock.receive", "stock.count"], [5, 3, 2])[0]
    for line in lines:
        line["counted" if kind == "stock.count" else "quantity"] = choose.randint(1, 400)
    if kind == "stock.receive":
        return kind, lines, {"source": {"supplier": "central"}}
    if kind == "stock.issue":
        return kind, lines, {"destination": {"ward": "Maternity"}}
    return kind, lines, {}


def envelopes(tablet: Tablet, kept: list[Kept], batch: int = BATCH) -> list[bytes]:
    """The bodies of the pushes that send these operations, not packed."""
    return [tablet.envelope(kept[start : start + batch]) for start in range(0, len(kept), batch)]


def packed(tablet: Tablet, kept: list[Kept], batch: int = BATCH) -> list[bytes]:
    """The same, as they go over the wire."""
    return [gzip.compress(envelope) for envelope in envelopes(tablet, kept, batch)]
