"""A tablet that meets no network: its file goes to the office and to another tablet, and the answers come back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_shared_tablet import Screens, set_meta
from tests.support import clinic, nurse
from tests.support.browser import PHONE, TABLET, Chromium
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.browser


# A share sheet that takes plain text only, as those of most browsers do.
SHEET = """navigator.canShare = ({files}) => files[0].name.endsWith(".txt")
navigator.share = async ({files}) => { window.shared = [files[0].name, await files[0].text()] }"""


def to_carrying(page: Page) -> None:
    """From any screen, by the bar."""
    page.locator("#sync-bar").click()
    page.get_by_role("link", name="Without a network").click()
    expect(page.get_by_role("heading", name="Without a network")).to_be_visible()


def saved(page: Page, name: str, folder: Path) -> Path:
    """The file behind a link of the screen, as the browser downloads it."""
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def take_in(page: Page, path: Path) -> None:
    """Choose a file and send the form."""
    page.get_by_label("A file of answers").set_input_files(path)
    page.get_by_role("button", name="Take it in").click()


def ledger(url: str) -> list[tuple[str, str]]:
    """(facility's author, outcome) of each operation, in the order of saving."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return list(connection.execute("SELECT author, outcome FROM operation ORDER BY id"))


def shared(page: Page) -> tuple[str, str]:
    """The name and the text of what was passed on, as soon as it was."""
    for _ in range(300):
        # Asked again and again from here: the page's policy lets nothing wait by a text that becomes a program.
        if given := page.evaluate("window.shared"):
            return given[0], given[1]
        page.wait_for_timeout(50)
    raise AssertionError("nothing was shared")


def test_a_file_goes_to_the_office_and_another_by_another_tablet(
    request: pytest.FixtureRequest,
    chromium: Callable[..., Chromium],
    clinic_url: str,
    serve: Callable[..., Served],
    proxy_to: Callable[[int], Proxy],
    tmp_path: Path,
) -> None:
    folder = request.config.getoption("--pictures")
    pictures = Path(folder) if folder else None
    served = serve(clinic_url)
    lone, carrier = proxy_to(served.port), proxy_to(served.port)
    phone, tablet = chromium(PHONE), chromium(TABLET)
    here, there = Screens(phone, pictures), Screens(tablet, pictures)
    phone.context.add_init_script(SHEET)
    page, other = phone.page(), tablet.page()
    nurse.sign_in(page, lone.url)
    nurse.sign_in(other, carrier.url, user=clinic.OUTSIDER, facility="F9", device="Tablet of the north")
    lone.cut()
    carrier.cut()
    to_carrying(page)
    here.look(page, "carry-nothing")
    page.goto(f"{lone.url}/app")
    nurse.begin_count(page)
    nurse.count_items(page, [11, 22])
    to_carrying(page)
    expect(page.locator("#main")).to_contain_text("2 operations wait")
    here.look(page, "carry")

    # To the office. What was changed on the way is refused whole.
    file = saved(page, "Save to a file", tmp_path)
    assert file.suffix == ".bincard"
    changed = tmp_path / "changed.bincard"
    changed.write_text(file.read_text().replace('"counted":11', '"counted":12'))
    refused = served.command("push", str(changed), check=False)
    assert refused.returncode == 1
    assert "the file was changed on the way" in refused.stderr
    assert ledger(clinic_url) == []
    assert "2 operations (2 applied)" in served.command("push", str(file)).stdout
    nurse.wait_for_waiting(page, 2)
    page.get_by_role("button", name="Share it").click()
    name, text = shared(page)
    assert name.endswith(".bincard.txt")
    assert (
        text.split('"operations"')[1].split('"seal"')[0]
        == file.read_text().split('"operations"')[1].split('"seal"')[0]
    )

    # Its own file is none of answers; the answers settle what they name and nothing else.
    take_in(page, file)
    expect(page.locator("#main")).to_contain_text("saved on this very tablet")
    here.look(page, "carry-refused")
    page.goto(f"{lone.url}/app")
    page.get_by_role("link", name="Go on counting").click()
    page.get_by_role("link", name="Count the next").click()
    nurse.count_items(page, [33])
    to_carrying(page)
    take_in(page, Path(f"{file}.answers"))
    expect(page.locator("#main")).to_contain_text("2 operations were answered")
    expect(page.locator("#main")).to_contain_text("What you recorded since still waits")
    here.look(page, "carry-answered")
    nurse.wait_for_waiting(page, 1)

    # By another tablet, of another place, which is closed on the way and meets a network later.
    second = saved(page, "Save to a file", tmp_path)
    to_carrying(other)
    take_in(other, second)
    expect(other.locator("#others")).to_contain_text("Tablet of the ward")
    expect(other.locator("#others")).to_contain_text("Waits for a network")
    there.look(other, "carry-others-waiting")
    tablet.close()
    tablet.start()
    carrier.heal()
    other = tablet.page(f"{carrier.url}/app/carry")
    expect(other.locator("#others")).to_contain_text("take the answers back", timeout=60_000)
    there.look(other, "carry-others-answered")
    answers = saved(other, "Save the answers", tmp_path)
    assert len(ledger(clinic_url)) == 3
    take_in(page, answers)
    expect(page.locator("#main")).to_contain_text("1 operation was answered")
    expect(page.locator("#main")).to_contain_text("Nothing waits to be sent")

    # It meets a network after all: nothing goes twice.
    lone.heal()
    page.goto(f"{lone.url}/app")
    nurse.wait_until_sent(page)
    assert ledger(clinic_url) == [(clinic.NURSE, "applied")] * 3
    if pictures:
        for browser_page, screens, url in ((page, here, lone.url), (other, there, carrier.url)):
            set_meta(browser_page, "meta.put('fr', 'language')")
            browser_page.goto(f"{url}/app/carry")
            screens.look(browser_page, "carry-french")
    assert here.faults + there.faults == []
    assert phone.own_errors() + tablet.own_errors() == []
