"""Several server processes on one PostgreSQL, and one process on SQLite whose readers nobody blocks."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from backend.db import Database
from tests.support import clinic, crowd
from tests.support.feed import Feed
from tests.support.served import Served
from tests.support.tablet import Tablet, request

PROCESSES = 3
WATCHERS_EACH = 2
SOON_S = 5.0
PRODUCTS = 6
UNDISTURBED = 5


def count(tablet: Tablet, product: int, figure: int) -> None:
    """Count one card and send it."""
    tablet.record("stock.count", [{"product": clinic.code(product), "lot": None, "counted": figure}])
    results = tablet.push(tablet.waiting)
    assert [result["outcome"] for result in results] == ["applied"]


def told(feed: Feed, *figures: int) -> None:
    """Assert that the watcher hears of cards with these figures, in this order; what it knew may come again."""
    wanted = list(figures)
    deadline = time.monotonic() + SOON_S
    while wanted:
        event = feed.next(max(0.01, deadline - time.monotonic()))
        assert event.name == "card"
        if event.data["on_hand"] == wanted[0]:
            wanted.pop(0)


def manager(url: str) -> dict[str, str]:
    """The headers of the manager's browser."""
    form = {"name": clinic.MANAGER, "password": clinic.PASSWORD}
    answer = httpx.post(f"{url}/manage/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    return {"Cookie": f"bincard_session={answer.cookies['bincard_session']}"}


@pytest.fixture
def processes(postgres_url: str, serve: Callable[..., Served]) -> list[Served]:
    """Separate servers, each on a port of its own, that know of each other only by the database."""
    crowd.furnish(postgres_url, facilities=2, products=PRODUCTS)
    key = {"BINCARD_SECRET_KEY": "k" * 43}
    return [serve(postgres_url, **key) for _ in range(PROCESSES)]


def test_watchers_of_every_process_hear_of_pushes_at_any_other(processes: list[Served]) -> None:
    headers = manager(processes[0].url)
    tablets = crowd.enrolled([each.url for each in processes], ["C001", "C002", "C001"])
    feeds = [Feed(f"{each.url}/live", headers) for each in processes for _ in range(WATCHERS_EACH)]
    try:
        for figure, tablet in enumerate(tablets, 1):
            count(tablet, figure, figure)
            for feed in feeds:
                told(feed, figure)
    finally:
        for feed in feeds:
            feed.close()


def test_a_watcher_whose_process_was_killed_goes_on_at_another(processes: list[Served]) -> None:
    dying, *others = processes
    headers = manager(dying.url)
    tablet, other = crowd.enrolled([dying.url, others[0].url], ["C001", "C001"])
    feeds = [Feed(f"{dying.url}/live", headers) for _ in range(WATCHERS_EACH)]
    count(tablet, 0, 1)
    for feed in feeds:
        told(feed, 1)
    known = [feed.wait_for_cursor() for feed in feeds]
    dying.kill()
    assert all(feed.ended.wait(SOON_S) for feed in feeds)
    # What happens while nobody watches is told on coming back, wherever that is; so is what happens then.
    count(other, 1, 2)
    count(other, 2, 3)
    back = [
        Feed(f"{where.url}/live", headers, last=cursor) for where, cursor in zip(others, known, strict=True)
    ]
    try:
        for feed in back:
            told(feed, 2, 3)
        # The tablet's own server is gone as well: it sends to another, under the same token.
        tablet.url = others[1].url
        count(tablet, 3, 4)
        for feed in back:
            told(feed, 4)
    finally:
        for feed in back:
            feed.close()


@pytest.fixture
def on_sqlite(sqlite_url: str, serve: Callable[..., Served]) -> Served:
    """One server on SQLite."""
    crowd.furnish(sqlite_url, facilities=1, products=PRODUCTS)
    return serve(sqlite_url)


def test_pulls_and_pages_are_answered_while_a_writer_holds_sqlite(on_sqlite: Served) -> None:
    headers = manager(on_sqlite.url)
    tablet, pushing = crowd.enrolled([on_sqlite.url] * 2, ["C001"] * 2)
    count(tablet, 0, 1)
    path = on_sqlite.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path, isolation_level=None) as writer:
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE product SET name = 'half done' WHERE code = ?", (clinic.code(0),))
        waiting = threading.Thread(target=count, args=(pushing, 1, 2), daemon=True)
        waiting.start()
        for _ in range(UNDISTURBED):
            names = [change["row"]["name"] for change in tablet.pull() if change["entity"] == "product"]
            assert len(names) == PRODUCTS
            assert "half done" not in names
            page = httpx.get(f"{on_sqlite.url}/manage/stock", headers=headers, timeout=20)
            assert page.status_code == 200
        # All that was answered while the writer still held the file, and the push is behind it.
        assert waiting.is_alive()
        writer.execute("COMMIT")
    waiting.join(30)
    assert not waiting.is_alive()
    assert pushing.waiting == []


def test_a_reader_that_takes_long_holds_up_no_push_on_sqlite(on_sqlite: Served) -> None:
    (tablet,) = crowd.enrolled([on_sqlite.url], ["C001"])
    path = on_sqlite.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path, isolation_level=None) as reader:
        reader.execute("BEGIN")
        before = reader.execute("SELECT count(*) FROM operation").fetchone()
        for figure in range(UNDISTURBED):
            count(tablet, 0, figure)
        # Still the snapshot that it began with, while others see what was pushed.
        assert reader.execute("SELECT count(*) FROM operation").fetchone() == before == (0,)
        assert request(on_sqlite.url, "GET", "/health", None, {})[0] == 200
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT count(*) FROM operation").fetchone() == (UNDISTURBED,)
        reader.execute("COMMIT")


async def test_writes_on_sqlite_come_one_after_the_other(sqlite_database: Database) -> None:
    inside, most = 0, 0

    def write(_session: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.005)
        inside -= 1

    await asyncio.gather(*(sqlite_database.write(write) for _ in range(20)))
    assert most == 1


def test_more_than_one_process_is_refused_on_sqlite(sqlite_url: str, serve: Callable[..., Served]) -> None:
    with pytest.raises(RuntimeError, match="SQLite is served by one process only"):
        serve(sqlite_url, workers=2)
