"""What a new tablet's first pull weighs on the wire, and how long it takes: 500 products, 1,500 cards.

Every page as a device asks for it, as tables and gzipped, over HTTP from a server of its own. The weight is that of the
bodies as they came; beside it the same bodies unpacked. The names of the products are those of medicines, strengths and
forms, each another, so that they pack no better than a real catalogue's.
"""

from __future__ import annotations

import gzip
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from tests.bench import house, stocked
from tests.bench.figure import Figure
from tests.bench.wire import Line, quiet, serving, unpacked
from tests.bench.workload import PRODUCTS
from tests.support.served import Served

ROUNDS = 5
TARGET_KIB = 80.0


def measure(share: float) -> list[Figure]:
    """One figure; the time is in its detail."""
    products = max(20, round(PRODUCTS * share))
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name:
        folder = Path(name)
        with house.furnished(house.sqlite_url(folder), products=products) as database:
            tablet = house.enrol(database)
            cards = stocked.stock(database, tablet, products=products)
        served = Served(house.sqlite_url(folder), folder / "served")
        with serving(served) as server, closing(Line(server.url, tablet.token)) as line:
            rounds = [_pull(line, products, cards) for _ in range(ROUNDS)]
    seconds = statistics.median(one[0] for one in rounds)
    pages = rounds[-1][1]
    answers = [unpacked(content) for content in pages]
    packed, plain = sum(map(len, pages)), sum(len(msgspec.json.encode(answer)) for answer in answers)
    detail = {
        "products": products,
        "cards": cards,
        "pages": len(pages),
        "seconds": seconds,
        "kib_packed_alone": _by_entity(answers),
    }
    return [
        Figure(
            "first-pull",
            "KiB",
            packed / 1024,
            plain / 1024,
            f"the same, not packed; it took {seconds * 1000:.0f} ms in {len(pages)} pages",
            packed / plain,
            "figure",
            "at most",
            TARGET_KIB,
            detail,
        )
    ]


def _pull(line: Line, products: int, cards: int) -> tuple[float, list[bytes]]:
    """Seconds, and the pages as they came."""
    cursor, pages = "", []
    with quiet():
        start = time.perf_counter()
        while True:
            status, content = line.pull(cursor)
            assert status == 200, content
            pages.append(content)
            page = unpacked(content)
            cursor = page["cursor"]
            if not page["more"]:
                break
        seconds = time.perf_counter() - start
    kinds = [change["entity"] for content in pages for change in unpacked(content)["changes"]]
    assert kinds.count("product") == products
    assert kinds.count("card") == cards
    return seconds, pages


def _by_entity(answers: list[dict[str, Any]]) -> dict[str, float]:
    """What the rows of each entity weigh when gzipped by themselves, not as tables: where the weight is."""
    rows: dict[str, list[Any]] = defaultdict(list)
    for answer in answers:
        for change in answer["changes"]:
            rows[change["entity"]].append(change)
    return {entity: len(gzip.compress(msgspec.json.encode(some), 6)) / 1024 for entity, some in rows.items()}
