"""The live feed of a server in a process of its own: it does not keep the server from stopping, and comes back."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from tests.support import clinic
from tests.support.feed import Feed
from tests.support.served import Served
from tests.support.tablet import Tablet

pytestmark = pytest.mark.alone


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    return serve(clinic_url)


def signed_in(served: Served) -> dict[str, str]:
    """The headers of the manager's browser."""
    form = {"name": clinic.MANAGER, "password": clinic.PASSWORD}
    answer = httpx.post(f"{served.url}/manage/sign-in", data=form, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    return {"Cookie": f"bincard_session={answer.cookies['bincard_session']}"}


def test_a_server_with_open_feeds_stops_at_once(served: Served) -> None:
    headers = signed_in(served)
    feeds = [Feed(f"{served.url}/live", headers) for _ in range(3)]
    began = time.monotonic()
    served.stop()
    # Were they cut by force, it would take the whole grace of `bincard serve`, and a traceback each.
    assert time.monotonic() - began < 3
    assert all(feed.ended.wait(1) for feed in feeds)
    assert "Traceback" not in served.log


def test_a_feed_goes_on_where_it_was_after_a_restart(served: Served) -> None:
    headers = signed_in(served)
    tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
    feed = Feed(f"{served.url}/live", headers)
    tablet.record("stock.count", [{"product": clinic.code(0), "lot": None, "counted": 5}])
    tablet.push(tablet.waiting)
    assert feed.next().data["on_hand"] == 5
    time.sleep(0.2)
    cursor = feed.cursor
    served.kill()
    served.start()
    tablet.record("stock.count", [{"product": clinic.code(1), "lot": None, "counted": 6}])
    tablet.push(tablet.waiting)
    again = Feed(f"{served.url}/live", headers, last=cursor)
    event = again.next()
    assert (event.name, event.data["product"], event.data["on_hand"]) == ("card", clinic.code(1), 6)
    assert again.quiet(0.3)
