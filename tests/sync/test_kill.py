"""kill -9 of the served process at random moments while tablets replay: nothing is lost, nothing doubled.

Several tablets record and send without pause; the server and all its workers are killed again and again
and started anew on the same database. Then everything is sent once more, and the ledger is compared with
what the tablets kept.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.db import Database
from tests.support import clinic
from tests.support.served import Served
from tests.support.tablet import BROKEN, Refused, Tablet

KILLS = {"sqlite": 24, "postgres": 8}
WORKERS = {"sqlite": 1, "postgres": 2}
TABLETS_PER_FACILITY = 2
BATCH = 40
PRODUCTS = 6


def record_one(tablet: Tablet, choose: random.Random) -> None:
    """Receive, issue or count two lots of one facility's shared cards."""
    lines = [
        {
            "product": clinic.code(number),
            "lot": {"number": f"L{choose.randint(1, 2)}", "expiry": "2030-06-30"},
        }
        for number in choose.sample(range(PRODUCTS), 2)
    ]
    kind = choose.choice(["stock.receive", "stock.issue", "stock.count"])
    if kind == "stock.count":
        tablet.record(kind, [{**line, "counted": choose.randint(0, 500)} for line in lines])
    elif kind == "stock.receive":
        tablet.record(
            kind,
            [{**line, "quantity": choose.randint(1, 90)} for line in lines],
            source={"supplier": "central"},
        )
    else:
        tablet.record(
            kind, [{**line, "quantity": choose.randint(1, 30)} for line in lines], destination={"ward": "A"}
        )


def send_until(tablet: Tablet, stop: threading.Event, choose: random.Random, broken: Counter[str]) -> None:
    """Record and send until told to stop, then send what is left. A broken line is tried again at once."""
    while True:
        if not stop.is_set():
            for _ in range(BATCH - len(tablet.waiting)):
                record_one(tablet, choose)
        batch = tablet.waiting[:BATCH]
        if not batch:
            return
        try:
            tablet.push(batch)
        except BROKEN:
            broken[tablet.device] += 1
            time.sleep(0.02)
        except Refused as refused:
            # 409: the server has had more than the answers tell, or less than the tablet sent.
            if refused.status != 409:
                raise
            expected = refused.problem["expected_seq"]
            tablet.push(tablet.kept[expected - 1 : expected - 1 + BATCH])


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_kills_lose_and_double_nothing(
    kind: str, request: pytest.FixtureRequest, serve: Callable[..., Served], tmp_path: Path
) -> None:
    seed = int(os.environ.get("BINCARD_TEST_SEED", "20261122"))
    print("seed", seed)
    choose = random.Random(seed)
    served = serve(request.getfixturevalue(f"{kind}_url"), workers=WORKERS[kind])
    clinic.furnish(served, tmp_path, products=PRODUCTS)
    tablets = [
        Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, facility, f"{facility} {number}")
        for facility in ("F1", "F2")
        for number in range(TABLETS_PER_FACILITY)
    ]
    stop, broken, failures = threading.Event(), Counter[str](), list[BaseException]()

    def work(tablet: Tablet, own: random.Random) -> None:
        try:
            send_until(tablet, stop, own, broken)
        except BaseException as failure:
            failures.append(failure)

    threads = [
        threading.Thread(target=work, args=(tablet, random.Random(choose.random())), daemon=True)
        for tablet in tablets
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(KILLS[kind]):
            time.sleep(choose.uniform(0.02, 0.5))
            served.kill()
            served.start()
    finally:
        stop.set()
    for thread in threads:
        thread.join(120)
    assert failures == [], f"seed {seed}"
    assert not any(thread.is_alive() for thread in threads)
    # The kills did hit requests on their way, else this test shows nothing.
    assert sum(broken.values()) >= KILLS[kind]

    _sent_again_nothing_changes(tablets)
    _ledger_holds_each_operation_once(request.getfixturevalue(f"{kind}_url"), tablets)
    checked = served.command("rebuild", "--check", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    served.stop()
    if kind == "sqlite":
        path = request.getfixturevalue("sqlite_url").removeprefix("sqlite:///")
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _sent_again_nothing_changes(tablets: list[Tablet]) -> None:
    before = [sorted(map(json.dumps, _cards(tablet))) for tablet in tablets]
    for tablet in tablets:
        assert tablet.waiting == []
        for start in range(0, len(tablet.kept), 500):
            batch = tablet.kept[start : start + 500]
            first = [tablet.answers[kept.id] for kept in batch]
            again = tablet.push(batch)
            assert [result["replayed"] for result in again] == [True] * len(batch)
            for result in [*first, *again]:
                result.pop("replayed")
            assert again == first
    assert [sorted(map(json.dumps, _cards(tablet))) for tablet in tablets] == before


def _cards(tablet: Tablet) -> list[dict[str, object]]:
    return [change["row"] for change in tablet.pull() if change["entity"] == "card" and "row" in change]


def _ledger_holds_each_operation_once(url: str, tablets: list[Tablet]) -> None:
    database = Database(url)
    with database.reading() as session:
        connection = session.connection()
        stored = connection.exec_driver_sql("SELECT id, outcome, content FROM operation").all()
        lines = connection.exec_driver_sql(
            "SELECT operation_id, count(*) FROM fact GROUP BY operation_id"
        ).all()
    database.close()
    kept = {each.id: each for tablet in tablets for each in tablet.kept}
    assert Counter(row[0] for row in stored) == Counter(list(kept))
    assert {row[1] for row in stored} <= {"applied", "flagged"}
    assert all(bytes(row[2]) == kept[row[0]].text.encode() for row in stored)
    assert dict(lines) == dict.fromkeys(kept, 2)  # type: ignore[arg-type]
