"""kill -9 of the served process at random moments while tablets replay: nothing is lost, nothing doubled.

Several tablets record and send without pause; the server and all its workers are killed again and again
and started anew on the same database. Then everything is sent once more, and the ledger is compared with
what the tablets kept. `make soak KILLS=200` is the long form.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support import crowd
from tests.support.crowd import Working
from tests.support.served import Served
from tests.support.shift import Shift
from tests.support.sizes import SEED, note, size
from tests.support.tablet import BROKEN, Refused, Tablet

KILLS = {"sqlite": size("KILLS", 12), "postgres": size("KILLS", 10)}
WORKERS = {"sqlite": 1, "postgres": 2}
FACILITIES = 2
TABLETS_PER_FACILITY = 2
BATCH = 20
PRODUCTS = 6


def send_until(tablet: Tablet, stop: threading.Event, choose: random.Random, broken: Counter[str]) -> None:
    """Record and send until told to stop, then send what is left. A broken line is tried again at once."""
    shift = Shift(tablet, choose, products=PRODUCTS)
    while True:
        if not stop.is_set():
            shift.record(BATCH - len(tablet.waiting))
        batch = tablet.waiting[:BATCH]
        if not batch:
            return
        try:
            tablet.push(batch)
        except ConnectionRefusedError:
            time.sleep(0.02)
        except BROKEN:
            # On its way when the server died: whether it was committed the tablet cannot know.
            broken[tablet.device] += 1
        except Refused as refused:
            # 409: the server has had more than the answers tell, or less than the tablet sent.
            if refused.status != 409:
                raise
            expected = refused.problem["expected_seq"]
            tablet.push(tablet.kept[expected - 1 : expected - 1 + BATCH])


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_kills_lose_and_double_nothing(
    kind: str, request: pytest.FixtureRequest, serve: Callable[..., Served]
) -> None:
    print("seed", SEED)
    choose = random.Random(SEED)
    url = request.getfixturevalue(f"{kind}_url")
    crowd.furnish(url, facilities=FACILITIES, products=PRODUCTS)
    served = serve(url, workers=WORKERS[kind])
    codes = [crowd.facility(number % FACILITIES) for number in range(FACILITIES * TABLETS_PER_FACILITY)]
    tablets = crowd.enrolled([served.url] * len(codes), codes)
    stop, broken = threading.Event(), Counter[str]()
    working = Working(
        tablets, lambda tablet, own: send_until(tablet, stop, own, broken), seed=choose.getrandbits(32)
    )
    try:
        for _ in range(KILLS[kind]):
            time.sleep(choose.uniform(0.02, 0.8))
            served.kill()
            served.start()
    finally:
        stop.set()
    working.join(120)
    # The kills did hit requests on their way, else this test shows nothing.
    assert sum(broken.values()) >= KILLS[kind]

    crowd.sent_again_nothing_changes(tablets)
    crowd.kept_once(url, tablets)
    crowd.agreed(served, url)
    served.stop()
    if kind == "sqlite":
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    note(
        f"kill -9 of the server on {kind}",
        kills=KILLS[kind],
        requests_broken=sum(broken.values()),
        operations=sum(len(tablet.kept) for tablet in tablets),
        lost=0,
        doubled=0,
    )
