"""Devices: last heard of, silent ones, and revoking one that is lost."""

from __future__ import annotations

import pytest

from backend.models import Device
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


def revoked_at(bincard: Bincard) -> int | None:
    """When the cast's device was revoked, if it was."""
    with bincard.db.reading() as session:
        return session.get_one(Device, bincard.cast.device).revoked_at
