"""Devices: last heard of, silent ones, and revoking one that is lost."""

from __future__ import annotations

from typing import Any

import pytest

from backend.clock import from_iso, to_iso
from backend.ids import uuid7
from backend.models import Device
from backend.services import devices
from tests.web.conftest import Bincard
from tests.web.manage.reading import doors, figures, rows, text_of


def test_a_device_that_is_not_heard_of_for_a_week_is_silent(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    with bincard.db.writing() as session:
        device = session.get_one(Device, bincard.cast.device)
        device.last_seen_at = bincard.time.now
    assert figures(browser.get("/manage").text)["devices silent for a week"][0] == 0
    assert rows(browser.get("/manage/devices?show=silent").text, "device") == []
    with bincard.db.writing() as session:
        session.get_one(Device, bincard.cast.device).last_seen_at = bincard.time.now - 7 * 24 * 3_600_000
    number, door = figures(browser.get("/manage").text)["devices silent for a week"]
    assert number == 1
    (row,) = rows(browser.get(door).text, "device")
    assert "Silent" in row
    assert "Last heard of 1 week ago" in row


def test_revoking_asks_first_and_then_ends_the_device(bincard: Bincard) -> None:
    browser, address = bincard.browser("bob"), f"/manage/devices/{bincard.cast.device}/revoke"
    assert address in doors(browser.get("/manage/devices").text)
    asked = browser.get(address)
    assert "Revoke tablet of the dispensary?" in asked.text
    assert revoked_at(bincard) is None
    answer = browser.post(address)
    assert answer.status_code == 303
    assert revoked_at(bincard) == bincard.time.now
    after = browser.get(answer.headers["location"]).text
    assert "tablet of the dispensary was revoked." in text_of(after)
    assert address not in doors(after)
    bincard.time.pass_hours(1)
    assert browser.post(address).status_code == 303
    assert revoked_at(bincard) == bincard.time.now - 3_600_000


@pytest.mark.parametrize(("name", "status"), [("carol", 404), ("charlie", 403), ("dan", 403), ("alice", 403)])
def test_others_cannot(bincard: Bincard, name: str, status: int) -> None:
    browser, address = bincard.browser(name), f"/manage/devices/{bincard.cast.device}/revoke"
    assert browser.get(address).status_code == status
    assert browser.post(address).status_code == status
    assert revoked_at(bincard) is None


def test_a_form_of_another_site_cannot(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    browser.headers["sec-fetch-site"] = "cross-site"
    assert browser.post(f"/manage/devices/{bincard.cast.device}/revoke").status_code == 403
    assert revoked_at(bincard) is None


def tell(bincard: Bincard, **told: Any) -> str:
    """Let the cast's device have told this of itself a minute ago; the row that the list shows of it then."""
    with bincard.db.writing() as session:
        device = session.get_one(Device, bincard.cast.device)
        device.last_seen_at = device.status_at = bincard.time.now - 60_000
        for name, value in told.items():
            setattr(device, name, value)
    (row,) = rows(bincard.browser("bob").get("/manage/devices").text, "device")
    return row


def test_a_device_that_told_nothing_says_so(bincard: Bincard) -> None:
    (row,) = rows(bincard.browser("bob").get("/manage/devices").text, "device")
    assert "It has not told how it is yet." in row
    assert "Storage" not in row


def test_what_waits_and_since_when(bincard: Bincard) -> None:
    since = from_iso("2026-03-04T05:06:00.000Z")
    assert "All sent" in tell(bincard, waiting=0)
    assert "1 operation waits on it, since 4 Mar 2026" in tell(bincard, waiting=1, oldest_waiting_at=since)
    row = tell(bincard, waiting=1234, oldest_waiting_at=since)
    assert "1234 operations wait on it, the oldest since 4 Mar 2026" in row
    assert "12 operations wait on it" in tell(bincard, waiting=12, oldest_waiting_at=None)
    asked = bincard.browser("bob").get(f"/manage/devices/{bincard.cast.device}/revoke").text
    assert "12 operations wait on it" in text_of(asked)


def test_an_app_that_is_not_the_servers_is_marked(bincard: Bincard) -> None:
    build = bincard.app.state["build"]
    worker = bincard.anyone.get("/worker.js").text
    assert worker.startswith(f'self.BUILD={{"version":"{build}"')
    row = tell(bincard, app_version=build)
    assert f"App up to date: {build[:12]}" in row
    assert "not up to date" not in row
    assert "App not up to date: 0ld" in tell(bincard, app_version="0ld")
    # As long as a device may tell it, it would not fit on a phone.
    assert f"App not up to date: {'a' * 12} " in tell(bincard, app_version="a" * 64)


@pytest.mark.parametrize(
    ("free", "words"),
    [
        (0, "Little storage left: 0 MB"),
        (49_999_999, "Little storage left: 49 MB"),
        (50_000_000, "Storage left: 50 MB"),
        (999_999_999, "Storage left: 999 MB"),
        (12_345_678_901, "Storage left: 12.3 GB"),
    ],
)
def test_storage_that_runs_out_is_marked(bincard: Bincard, free: int, words: str) -> None:
    assert words in tell(bincard, storage_free=free)


@pytest.mark.parametrize(("persisted", "marked"), [(True, False), (False, True), (None, False)])
def test_a_browser_that_may_delete_is_marked(bincard: Bincard, persisted: bool | None, marked: bool) -> None:
    assert ("The browser may delete its data" in tell(bincard, storage_persisted=persisted)) is marked


def test_the_list_of_a_facility_of_a_zone_and_of_what_waits(bincard: Bincard) -> None:
    browser, north = bincard.browser("bob"), bincard.cast.zones["North"]
    assert rows(browser.get("/manage/devices?show=waiting").text, "device") == []
    assert "Nothing waits" in browser.get("/manage/devices?show=waiting").text
    tell(bincard, waiting=2)
    for query in ("show=waiting", "facility=A", f"zone={north}", f"zone={north}&show=waiting"):
        assert len(rows(browser.get(f"/manage/devices?{query}").text, "device")) == 1, query
    assert rows(browser.get("/manage/devices?facility=B").text, "device") == []
    page = browser.get("/manage/devices?facility=A&show=waiting").text
    assert "/manage/devices?facility=A&amp;show=silent" in page
    assert "Alpha Lakeside Dispensary" in text_of(page)
    # Another zone's facility, and one that is nowhere, look the same.
    assert browser.get("/manage/devices?facility=C").status_code == 404
    assert browser.get("/manage/devices?facility=nowhere").status_code == 404
    assert "/manage/devices?facility=A" in doors(browser.get("/manage/facilities/A").text)


def test_the_longest_silent_are_on_top_and_the_revoked_at_the_end(bincard: Bincard) -> None:
    names = {}
    for hours, revoked in ((1, True), (3, False), (500, False), (20, False)):
        with bincard.db.writing() as session:
            id_, _token = devices.enrol(
                session,
                bincard.app.state.wiring.settings,
                user_id=bincard.cast.users["alice"],
                facility_id=bincard.cast.facilities["A"],
                name=f"tablet {hours}",
                now=bincard.time.now - 600 * 3_600_000,
                ids=uuid7,
            )
            names[hours] = f"tablet {hours}"
            device = session.get_one(Device, id_)
            device.last_seen_at = bincard.time.now - hours * 3_600_000
            device.revoked_at = bincard.time.now if revoked else None
    page = bincard.browser("bob").get("/manage/devices").text
    shown = [name for row in rows(page, "device") for name in names.values() if name in row]
    assert shown == [names[500], names[20], names[3], names[1]]


def test_programs_read_the_same(bincard: Bincard) -> None:
    tell(bincard, waiting=2, oldest_waiting_at=0, app_version="1f", storage_free=7, storage_persisted=False)
    (line,) = bincard.program("bob").get("/api/v1/devices").json()["items"]
    assert line["waiting"] == 2
    assert line["oldest_waiting_at"] == "1970-01-01T00:00:00.000Z"
    assert (line["app_version"], line["storage_free"], line["storage_persisted"]) == ("1f", 7, False)
    assert line["status_at"] == to_iso(bincard.time.now - 60_000)


def revoked_at(bincard: Bincard) -> int | None:
    """When the cast's device was revoked, if it was."""
    with bincard.db.reading() as session:
        return session.get_one(Device, bincard.cast.device).revoked_at
