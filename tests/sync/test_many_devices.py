"""Many tablets at one real server over HTTP, on both databases: each operation once, no 5xx, every card right.

Twenty push at once to one facility and to as many as they are; then the morning after a night without a line:
all reconnect with a backlog, while a manager looks at pages. `make soak` has a hundred with five hundred each.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from backend.clock import HOUR_MS, system_clock
from tests.support import clinic, crowd
from tests.support.crowd import Working
from tests.support.served import Served
from tests.support.shift import Shift
from tests.support.sizes import SEED, note, size
from tests.support.tablet import Tablet

DEVICES = 20
PUSHES = 3
AT_ONCE = 10
PRODUCTS = 6

TABLETS = size("TABLETS", 20)
OPERATIONS = size("OPERATIONS", 100)
TABLETS_PER_FACILITY = 2
BACKLOG_PRODUCTS = 200
BACKLOG_MS = 12 * HOUR_MS
BATCH = size("BATCH", 25)
PAGES = ("/manage", "/manage/stock", "/manage/exceptions", "/manage/facilities/C001")
PAGE_TARGET_MS = 500

Serve = Callable[[int, int], Served]


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, serve: Callable[..., Served]) -> Serve:
    """Serve a country with so many facilities and products, by one process on SQLite and by two on PostgreSQL."""

    def start(facilities: int, products: int) -> Served:
        url = request.getfixturevalue(f"{request.param}_url")
        crowd.furnish(url, facilities=facilities, products=products)
        return serve(url, workers=2 if request.param == "postgres" else 1)

    return start


@pytest.mark.parametrize("facilities", [1, DEVICES], ids=["one facility", "many facilities"])
def test_twenty_devices_push_at_once(server: Serve, facilities: int) -> None:
    served = server(facilities, PRODUCTS)
    codes = [crowd.facility(number % facilities) for number in range(DEVICES)]
    tablets = crowd.enrolled_at_once(served, codes)
    together = threading.Barrier(DEVICES)

    def work(tablet: Tablet, choose: random.Random) -> None:
        shift = Shift(tablet, choose, products=PRODUCTS)
        together.wait(60)
        for _ in range(PUSHES):
            shift.record(AT_ONCE)
            # Raises for any answer but 200; a third of the batches are sent twice, as after a lost answer.
            results = tablet.push(tablet.waiting)
            if choose.random() < 0.3:
                again = tablet.push([kept for kept in tablet.kept if kept.id in {r["id"] for r in results}])
                assert all(result["replayed"] for result in again)

    Working(tablets, work, seed=SEED).join(300)
    crowd.sent_again_nothing_changes(tablets)
    crowd.kept_once(served.database_url, tablets)
    crowd.agreed(served, served.database_url)


def test_all_reconnect_with_a_backlog_while_a_manager_looks(server: Serve) -> None:
    facilities = TABLETS // TABLETS_PER_FACILITY
    served = server(facilities, BACKLOG_PRODUCTS)
    codes = [crowd.facility(number % facilities) for number in range(TABLETS)]
    tablets = crowd.enrolled_at_once(served, codes)
    night = system_clock() - BACKLOG_MS
    for number, tablet in enumerate(tablets):
        moments = iter(range(night, night + BACKLOG_MS, BACKLOG_MS // (OPERATIONS + 1)))
        choose = random.Random(f"{SEED} {number}")
        Shift(tablet, choose, products=BACKLOG_PRODUCTS, clock=moments.__next__).record(OPERATIONS)
    done, pages = threading.Event(), list[float]()
    looking = threading.Thread(target=_look_at_pages, args=(served.url, done, pages), daemon=True)
    looking.start()
    while len(pages) < len(PAGES) and looking.is_alive():
        time.sleep(0.01)
    before = pages.copy()

    late = Counter[str]()

    def drain(tablet: Tablet, choose: random.Random) -> None:
        # Raises for any answer but 200. A tablet whose patience ends sends the same again, as the app does.
        while tablet.waiting:
            try:
                tablet.push(tablet.waiting[:BATCH])
            except TimeoutError:
                late[tablet.device] += 1
                time.sleep(choose.uniform(0, 5))
        tablet.pull()

    began = time.monotonic()
    Working(tablets, drain, seed=SEED).join(1800)
    drained_s = time.monotonic() - began
    done.set()
    looking.join(60)
    assert not looking.is_alive()
    # A page that was not 200 ended the looking, and shows here as too few.
    during = pages[len(before) :]
    assert len(during) >= len(PAGES)
    p95 = statistics.quantiles(during, n=20)[-1]
    crowd.kept_once(served.database_url, tablets)
    crowd.agreed(served, served.database_url)
    note(
        f"{TABLETS} tablets reconnect on {'sqlite' if 'sqlite' in served.database_url else 'postgres'}",
        operations=TABLETS * OPERATIONS,
        seconds=round(drained_s, 1),
        sent_again_after_a_minute=sum(late.values()),
        operations_per_second=round(TABLETS * OPERATIONS / drained_s),
        pages_looked_at=len(during),
        page_p50_ms=round(statistics.median(during)),
        page_p95_ms=round(p95),
        page_target_ms=PAGE_TARGET_MS,
    )


def _look_at_pages(url: str, done: threading.Event, pages: list[float]) -> None:
    """Look at a manager's pages in turn until told to stop, at least twice: how long each took, in milliseconds."""
    with httpx.Client(base_url=url, timeout=60, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        form = {"name": clinic.MANAGER, "password": clinic.PASSWORD}
        browser.post("/manage/sign-in", data=form)
        while not done.is_set() or len(pages) < 2 * len(PAGES):
            for path in PAGES:
                began = time.monotonic()
                answer = browser.get(path)
                assert answer.status_code == 200, f"{path}: {answer.status_code}"
                pages.append((time.monotonic() - began) * 1000)
            # A person reads what is shown; without a breath the pages alone would be the load.
            time.sleep(0.05)
