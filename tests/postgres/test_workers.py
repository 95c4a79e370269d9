"""The production shape: two worker processes on PostgreSQL, where one is told what the other has committed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support import clinic
from tests.support.feed import Feed
from tests.support.served import Served
from tests.support.tablet import Tablet

FEEDS = 6
SOON_S = 2.0

pytestmark = pytest.mark.alone


@pytest.fixture
def served(postgres_url: str, serve: Callable[..., Served], tmp_path: Path) -> Served:
    started = serve(postgres_url, workers=2)
    clinic.furnish(started, tmp_path / "furniture")
    return started


def test_watchers_of_every_worker_hear_of_a_count(served: Served) -> None:
    token = clinic.token(served, clinic.MANAGER)
    # Enough lines that both workers hold some: the kernel spreads them.
    feeds = [Feed(f"{served.url}/live", {"Authorization": f"Bearer {token}"}) for _ in range(FEEDS)]
    try:
        tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
        tablet.record("stock.count", [{"product": clinic.code(0), "lot": None, "counted": 7}])
        start = time.monotonic()
        results = tablet.push(tablet.waiting)
        assert [result["outcome"] for result in results] == ["applied"]
        for feed in feeds:
            event = feed.next(SOON_S)
            assert event.name == "card"
            assert event.at - start < SOON_S
    finally:
        for feed in feeds:
            feed.close()


def test_it_ends_whole_when_asked(served: Served) -> None:
    family = psutil.Process(served.pid).children(recursive=True)
    assert len(family) >= 2
    served.stop()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
