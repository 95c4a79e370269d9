"""One device: its people, taking one off, and asking it to erase itself; not for outsiders."""

from __future__ import annotations

import pytest
from sqlmodel import select

from backend.models import Device, DevicePerson
from tests.web.conftest import Bincard
from tests.web.manage.reading import doors, text_of


def people(bincard: Bincard) -> dict[int, int | None]:
    """When each person of the cast's device was taken off it."""
    with bincard.db.reading() as session:
        rows = session.exec(select(DevicePerson).where(DevicePerson.device_id == bincard.cast.device))
        return {row.user_id: row.taken_off_at for row in rows}


def wipe_asked_at(bincard: Bincard) -> int | None:
    """Since when the cast's device is to erase itself."""
    with bincard.db.reading() as session:
        return session.get_one(Device, bincard.cast.device).wipe_asked_at


def test_a_person_is_taken_off_a_device(bincard: Bincard) -> None:
    browser, address = bincard.browser("bob"), f"/manage/devices/{bincard.cast.device}"
    assert address in doors(browser.get("/manage/devices").text)
    ((user, off),) = people(bincard).items()
    assert off is None
    assert f"{address}/people/{user}/take-off" in browser.get(address).text
    assert browser.post(f"{address}/people/{user}/take-off").status_code == 303
    assert people(bincard) == {user: bincard.time.now}
    assert "Nobody" in text_of(browser.get(address).text)
    assert browser.post(f"{address}/people/999/take-off").status_code == 404


def test_erasing_asks_first_says_that_it_waits_and_can_be_called_off(bincard: Bincard) -> None:
    browser, address = bincard.browser("bob"), f"/manage/devices/{bincard.cast.device}"
    assert f"{address}/wipe" in doors(browser.get(address).text)
    assert "Erase tablet of the dispensary?" in browser.get(f"{address}/wipe").text
    assert wipe_asked_at(bincard) is None
    assert browser.post(f"{address}/wipe").status_code == 303
    assert wipe_asked_at(bincard) == bincard.time.now
    assert "it is to erase itself" in text_of(browser.get(address).text)
    assert "To be erased" in text_of(browser.get("/manage/devices").text)
    assert browser.post(f"{address}/keep").status_code == 303
    assert wipe_asked_at(bincard) is None
    # A device that can send no more cannot send what it has first.
    browser.post(f"{address}/revoke")
    assert browser.post(f"{address}/wipe").status_code == 403
    assert wipe_asked_at(bincard) is None


@pytest.mark.parametrize(("name", "status"), [("carol", 404), ("charlie", 403), ("dan", 403), ("alice", 403)])
def test_others_cannot(bincard: Bincard, name: str, status: int) -> None:
    browser, address = bincard.browser(name), f"/manage/devices/{bincard.cast.device}"
    (user,) = people(bincard)
    assert browser.get(f"{address}/wipe").status_code == status
    for what in ("wipe", "keep", f"people/{user}/take-off"):
        assert browser.post(f"{address}/{what}").status_code == status
    assert (wipe_asked_at(bincard), people(bincard)) == (None, {user: None})
