"""A facility as a tablet finds it on its first day: 500 products, 1,500 cards, received, counted and issued from."""

from __future__ import annotations

import random
from typing import Any

from backend.clock import MINUTE_MS, system_clock
from backend.db import Database
from tests.bench import house, workload
from tests.bench.workload import LOTS, PRODUCTS
from tests.support import clinic
from tests.support.tablet import Tablet


def stock(database: Database, tablet: Tablet, *, products: int = PRODUCTS) -> int:
    """Receive a lot of every card, count each, issue from half of them: how many cards there are now."""
    choose = random.Random(1)
    lots = [
        {"product": clinic.code(product), "lot": {"number": _number(choose), "expiry": _expiry(choose)}}
        for product in range(products)
        for _ in range(LOTS)
    ]
    at = system_clock() - (len(lots) * 2 + 60) * MINUTE_MS
    for start in range(0, len(lots), 10):
        lines: list[dict[str, Any]] = [
            lot | {"quantity": choose.randint(200, 900)} for lot in lots[start : start + 10]
        ]
        tablet.record("stock.receive", lines, at=at, source={"supplier": "central"})
        at += MINUTE_MS
    for lot in lots:
        tablet.record("stock.count", [lot | {"counted": choose.randint(100, 900)}], at=at)
        at += choose.randint(1, MINUTE_MS // 2)
    for lot in choose.sample(lots, len(lots) // 2):
        line = [lot | {"quantity": choose.randint(1, 90)}]
        tablet.record("stock.issue", line, at=at, destination={"ward": "Maternity"})
        at += choose.randint(1, MINUTE_MS // 2)
    send = house.pusher(database, tablet)
    for body in workload.envelopes(tablet, tablet.kept):
        for result in send(body)["results"]:
            assert result["outcome"] in ("applied", "flagged"), result
    return len(lots)


def _number(choose: random.Random) -> str:
    letters = "".join(choose.choices("ABCDEFGHKLMNPRSTUVWX", k=2))
    return f"{letters}{choose.randrange(10_000):04d}"


def _expiry(choose: random.Random) -> str:
    return f"{choose.randint(2028, 2031)}-{choose.randint(1, 12):02d}-28"
