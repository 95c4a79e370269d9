"""How fast a tablet's queue goes into the ledger, beside a bare loop that inserts the same rows.

Bincard: one process, as `bincard serve` starts it; one client that posts gzipped batches made before the
clock starts, one after the other, over HTTP. From the first request to the last answer.

Bare: `sqlite3` of the standard library, one `executemany` a table and batch, the rows that Bincard ended
with, into a copy of the same file from before the replay: the same schema, indices, triggers, journal (WAL)
and durability (synchronous FULL), one transaction a batch. No HTTP, no JSON, no fold, no checks.
"""

from __future__ import annotations

import contextlib
import gzip
import random
import sqlite3
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.clock import system_clock
from backend.migrate import migrate
from tests.support import clinic
from tests.support.served import Served
from tests.support.tablet import Tablet

OPERATIONS = 10_000
LINES = 2
BATCH = 500
PRODUCTS = 500
LOTS = 3
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Measured:
    """Operations a second of one round."""

    bincard: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.bincard / self.bare


def measure(seed: int) -> Measured:
    """One round in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name:
        folder = Path(name)
        served_file, bare_file = folder / "served.sqlite", folder / "bare.sqlite"
        migrate(f"sqlite:///{served_file}")
        served = Served(f"sqlite:///{served_file}", folder / "served")
        clinic.furnish(served, folder, products=PRODUCTS)
        served.start()
        try:
            tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
            with (
                contextlib.closing(sqlite3.connect(served_file)) as source,
                contextlib.closing(sqlite3.connect(bare_file)) as copy,
            ):
                source.backup(copy)
            bincard = _replay(tablet, seed)
        finally:
            served.stop()
        return Measured(bincard, _insert(_rows(served_file), bare_file))


def _record(tablet: Tablet, seed: int) -> None:
    """Three hours of work, the newest a minute ago: half issues, the rest receipts and counts."""
    choose = random.Random(seed)
    first = system_clock() - (OPERATIONS + 60) * 1000
    for turn in range(OPERATIONS):
        lines: list[dict[str, Any]] = [
            {
                "product": clinic.code(number),
                "lot": {"number": f"L{choose.randrange(LOTS)}", "expiry": "2030-06-30"},
            }
            for number in choose.sample(range(PRODUCTS), LINES)
        ]
        kind = choose.choices(["stock.issue", "stock.receive", "stock.count"], [5, 3, 2])[0]
        body: dict[str, Any] = {}
        for line in lines:
            line["counted" if kind == "stock.count" else "quantity"] = choose.randint(1, 400)
        if kind == "stock.receive":
            body["source"] = {"supplier": "central"}
        elif kind == "stock.issue":
            body["destination"] = {"ward": "Maternity"}
        tablet.record(kind, lines, at=first + turn * 1000, **body)


def _replay(tablet: Tablet, seed: int) -> float:
    _record(tablet, seed)
    batches = [
        gzip.compress(tablet.envelope(tablet.kept[start : start + BATCH]))
        for start in range(0, OPERATIONS, BATCH)
    ]
    outcomes: list[str] = []
    start = time.perf_counter()
    for batch in batches:
        status, answer = tablet.post(batch)
        assert status == 200, answer
        outcomes += [result["outcome"] for result in answer["results"]]
    seconds = time.perf_counter() - start
    assert len(outcomes) == OPERATIONS
    assert set(outcomes) <= {"applied", "flagged"}, Counter(outcomes)
    return OPERATIONS / seconds


def _rows(file: Path) -> list[dict[str, list[Row]]]:
    """What the replay left in the ledger and its projections, by batch and table; a card with its first fact."""
    batches: list[dict[str, list[Row]]] = [defaultdict(list) for _ in range(OPERATIONS // BATCH)]
    with contextlib.closing(sqlite3.connect(file)) as served:
        batch_of = {id_: (seq - 1) // BATCH for id_, seq in served.execute("SELECT id, seq FROM operation")}
        batch_of_card: dict[int, int] = {}
        for card, operation in served.execute("SELECT card, operation_id FROM fact"):
            batch_of_card[card] = min(batch_of[operation], batch_of_card.get(card, len(batches)))
        batch_of_lot: dict[Row, int] = {}
        for number, *lot in served.execute("SELECT number, product_id, lot FROM card"):
            batch_of_lot[tuple(lot)] = batch_of_card[number]
        place: dict[str, Callable[[dict[str, Any]], int]] = {
            "operation": lambda row: batch_of[row["id"]],
            "fact": lambda row: batch_of[row["operation_id"]],
            "count_result": lambda row: batch_of[row["operation_id"]],
            "exception": lambda row: batch_of[row["operation_id"]],
            "card": lambda row: batch_of_card[row["number"]],
            "lot": lambda row: batch_of_lot[row["product_id"], row["number"]],
        }
        for table, batch in place.items():
            rows = served.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in rows.description]
            for row in rows:
                batches[batch(dict(zip(columns, row, strict=True)))][table].append(row)
    return batches


def _insert(batches: list[dict[str, list[Row]]], file: Path) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    start = time.perf_counter()
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        for table, rows in batch.items():
            connection.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return OPERATIONS / seconds
