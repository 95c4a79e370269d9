"""What a device tells of itself with its calls is stored when it is news, and costs an empty pull no write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.clock import MINUTE_MS, to_iso
from backend.db import Database
from backend.models import Device
from backend.settings import Settings
from tests.support.wire_tablet import WireTablet
from tests.web.conftest import Bincard

RECEIPT = {
    "source": {"supplier": "CMS"},
    "reference": "R1",
    "lines": [{"product": "AL", "lot": {"number": "L1", "expiry": "2031-01-31"}, "quantity": 3}],
}


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings over a fresh database, once of each kind."""
    return Settings(data=tmp_path, database_url=database_url, secret_key="k" * 43, levels_seconds=0)


@pytest.fixture
def tablet(bincard: Bincard, settings: Settings) -> WireTablet:
    """Alice's tablet at A."""
    return WireTablet.enrol(
        bincard.anyone,
        bincard.db,
        settings,
        user=("alice", bincard.cast.users["alice"]),
        facility=("A", bincard.cast.facilities["A"]),
        now=bincard.time.now,
    )


@pytest.fixture
def writes(bincard: Bincard, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was written through the web since the list was last cleared."""
    done: list[str] = []
    write = Database.write

    async def noting(db: Database, work: Any, *arguments: Any, **more: Any) -> Any:
        done.append(work.__name__)
        return await write(db, work, *arguments, **more)

    monkeypatch.setattr(Database, "write", noting)
    return done


def stored(bincard: Bincard, tablet: WireTablet) -> Device:
    """The device as it is in the database."""
    with bincard.db.reading() as session:
        device = session.get_one(Device, tablet.device)
        session.expunge(device)
        return device


def test_a_pull_brings_all_that_is_told(bincard: Bincard, tablet: WireTablet) -> None:
    assert stored(bincard, tablet).status_at is None
    oldest = bincard.time.now - 5 * MINUTE_MS
    status = f"app=1f3a09; waiting=3; oldest={to_iso(oldest)}; free=73400320; persisted=0"
    assert tablet.pull(status=status).status_code == 200
    device = stored(bincard, tablet)
    assert (device.app_version, device.waiting, device.oldest_waiting_at) == ("1f3a09", 3, oldest)
    assert (device.storage_free, device.storage_persisted) == (73_400_320, False)
    assert (device.status_at, device.last_seen_at) == (bincard.time.now, bincard.time.now)


def test_pulls_write_at_most_once_a_minute(bincard: Bincard, tablet: WireTablet, writes: list[str]) -> None:
    told_at = bincard.time.now
    for free in range(5):
        assert tablet.pull(status=f"app=a; waiting=0; free={free}").status_code == 200
    assert writes == ["mark_seen"]
    assert stored(bincard, tablet).storage_free == 0
    bincard.time.now += MINUTE_MS - 1
    assert tablet.pull(status="app=a; waiting=0; free=9").status_code == 200
    assert stored(bincard, tablet).status_at == told_at
    bincard.time.now += 1
    assert tablet.pull(status="app=a; waiting=0; free=9").status_code == 200
    assert stored(bincard, tablet).storage_free == 9
    assert writes == ["mark_seen", "mark_seen"]


def test_a_queue_that_fills_or_empties_is_stored_at_once(
    bincard: Bincard, tablet: WireTablet, writes: list[str]
) -> None:
    for waiting in (0, 4, 5, 6, 0, 0):
        tablet.pull(status=f"waiting={waiting}")
    assert writes == ["mark_seen"] * 3
    assert stored(bincard, tablet).waiting == 0


def test_what_a_push_brought_waits_no_longer(bincard: Bincard, tablet: WireTablet, writes: list[str]) -> None:
    tablet.pull(status="app=a; waiting=0")
    writes.clear()
    oldest = to_iso(bincard.time.now - MINUTE_MS)
    # The day's ordinary course: one operation saved, sent, and a pull behind it. None of it is news.
    answer = tablet.push(tablet.text("stock.receive", RECEIPT), status=f"app=a; waiting=1; oldest={oldest}")
    assert answer.json()["results"][0]["outcome"] == "applied"
    tablet.pull(status="app=a; waiting=0")
    assert writes == ["work"]
    answer = tablet.push(tablet.text("stock.receive", RECEIPT), status=f"app=a; waiting=40; oldest={oldest}")
    assert answer.status_code == 200
    assert writes == ["work", "work", "mark_seen"]
    device = stored(bincard, tablet)
    assert (device.waiting, device.oldest_waiting_at) == (39, bincard.time.now - MINUTE_MS)


def test_a_push_that_is_refused_says_nothing_of_what_waits(bincard: Bincard, tablet: WireTablet) -> None:
    tablet.pull(status="waiting=7")
    tablet.seq = 3
    assert tablet.push(tablet.text("stock.receive", RECEIPT), status="waiting=0").status_code == 409
    assert stored(bincard, tablet).waiting == 7


@pytest.mark.parametrize("status", ["", "nonsense", ";;;", "waiting=many", "x" * 5000, None])
def test_nonsense_is_no_error_and_changes_nothing(
    bincard: Bincard, tablet: WireTablet, status: str | None
) -> None:
    tablet.pull(status="app=a; waiting=7; free=5; persisted=1")
    bincard.time.pass_hours(1)
    assert tablet.pull(status=status).status_code == 200
    assert tablet.push(tablet.text("stock.receive", RECEIPT), status=status).status_code == 200
    device = stored(bincard, tablet)
    assert (device.app_version, device.waiting, device.storage_free, device.storage_persisted) == (
        "a",
        7,
        5,
        True,
    )
    assert device.last_seen_at == bincard.time.now


def test_what_is_not_told_stays(bincard: Bincard, tablet: WireTablet) -> None:
    tablet.pull(status="app=a; waiting=7; free=5; persisted=1")
    bincard.time.pass_hours(1)
    tablet.pull(status="waiting=8")
    device = stored(bincard, tablet)
    assert (device.app_version, device.waiting, device.storage_free, device.storage_persisted) == (
        "a",
        8,
        5,
        True,
    )


def test_a_revoked_device_is_not_heard(bincard: Bincard, tablet: WireTablet) -> None:
    tablet.pull(status="waiting=1")
    with bincard.db.writing() as session:
        session.get_one(Device, tablet.device).revoked_at = bincard.time.now
    bincard.time.pass_hours(1)
    assert tablet.pull(status="waiting=9").status_code == 403
    assert stored(bincard, tablet).waiting == 1
