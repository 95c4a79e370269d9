"""Every managers' page, found by following its links: it answers, within what its reader may see."""

from __future__ import annotations

import pytest

from tests.support.cast import SECRETS
from tests.web.conftest import Bincard
from tests.web.manage.conftest import Shelves
from tests.web.manage.reading import doors, figures, legend, rows, text_of

OF_C = ("Gamma Coast Health Centre", "LOT-OF-C", "/manage/facilities/C")
PAGES = {
    "/manage",
    "/manage/stock",
    "/manage/facilities",
    "/manage/facilities/A",
    "/manage/facilities/A/products/AL",
    "/manage/products",
    "/manage/products/AL",
    "/manage/exceptions",
    "/manage/devices",
    "/manage/recalls",
    "/manage/recalls/new",
}


def walk(bincard: Bincard, name: str) -> dict[str, str]:
    """Every page that links lead that person to, by address; each must answer 200."""
    browser = bincard.browser(name)
    found: dict[str, str] = {}
    waiting = ["/manage"]
    while waiting:
        address = waiting.pop()
        if address in found or address.startswith(("/manage/users", "/manage/account")):
            continue
        answer = browser.get(address)
        assert answer.status_code == 200, f"{name} {address}: {answer.status_code}"
        found[address] = answer.text
        waiting += doors(answer.text)
    return found


def test_a_manager_s_links_all_lead_somewhere_and_never_out_of_the_zone(
    bincard: Bincard, shelves: Shelves
) -> None:
    shelves.use("A", "AL", monthly=30, left=0)
    found = walk(bincard, "bob")
    assert {address.partition("?")[0] for address in found} >= PAGES
    assert any(address.startswith("/manage/operations/") for address in found)
    assert any(address.endswith("/revoke") for address in found)
    everything = " ".join(found.values())
    assert not [secret for secret in OF_C if secret in everything]
    assert not [secret for secret in SECRETS if secret not in everything]


def test_an_outsider_with_rights_elsewhere_sees_nothing_of_it(bincard: Bincard) -> None:
    everything = " ".join(walk(bincard, "carol").values())
    assert not [secret for secret in SECRETS if secret in everything]
    assert OF_C[0] in everything


def test_an_administrator_s_links_all_lead_somewhere(bincard: Bincard, shelves: Shelves) -> None:
    shelves.use("C", "PCM", monthly=30, left=500)
    found = walk(bincard, "ada")
    assert {f"/manage/zones/{zone}" for zone in bincard.cast.zones.values()} <= set(found)
    assert not [secret for secret in (*SECRETS, *OF_C) if secret not in " ".join(found.values())]


def test_who_is_narrowed_to_a_program_sees_its_products_alone(bincard: Bincard) -> None:
    found = walk(bincard, "dan")
    everything = " ".join(found.values())
    assert "Artemether" in everything
    assert "Paracetamol" not in everything
    assert "PCM" not in everything


def test_what_one_has_no_right_to_is_no_door(bincard: Bincard) -> None:
    """Dan enters data: he sees stock, but neither problems nor devices."""
    home = bincard.browser("dan").get("/manage").text
    assert set(figures(home)) == {"stocked out now", "understocked", "below emergency point", "facilities"}
    assert not [door for door in doors(home) if door.startswith(("/manage/exceptions", "/manage/devices"))]


def test_a_nurse_is_told_that_these_are_not_her_pages(bincard: Bincard) -> None:
    answer = bincard.browser("alice").get("/manage")
    assert answer.status_code == 403
    assert "You have no right to this." in answer.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/manage/facilities/C", 404),
        ("/manage/facilities/nowhere", 404),
        ("/manage/facilities/A/products/nothing", 404),
        ("/manage/products/nothing", 404),
        ("/manage/exceptions?facility=C", 404),
        ("/manage/operations/00000000-0000-7000-8000-000000000000", 404),
        ("/manage/stock?status=nonsense", 400),
        ("/manage/facilities/A?status=nonsense", 400),
        ("/manage/facilities?status=nonsense", 400),
        ("/manage/stock?zone=none", 400),
        ("/manage/stock?zone=99999999999999999999", 400),
        ("/manage/zones/99999999999999999999", 404),
        ("/manage/zones/0", 404),
        ("/manage/facilities/A/products/AL?before=nonsense", 400),
        ("/manage/facilities/A/products/AL?before=1.x.99999999999999999999.1", 400),
    ],
)
def test_a_wrong_address_is_a_page_that_says_so(bincard: Bincard, address: str, status: int) -> None:
    answer = bincard.browser("bob").get(address)
    assert answer.status_code == status
    assert "<!doctype html>" in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("page", ["zones/{zone}", "stock?zone={zone}", "facilities?zone={zone}"])
@pytest.mark.parametrize("more", ["products?zone={zone}", "exceptions?zone={zone}", "devices?zone={zone}"])
def test_a_zone_out_of_sight_is_not_there(bincard: Bincard, page: str, more: str) -> None:
    south = bincard.cast.zones["South"]
    for address in (page, more):
        answer = bincard.browser("bob").get("/manage/" + address.format(zone=south))
        assert answer.status_code == 404, address


def test_every_figure_is_the_length_of_the_list_behind_it(bincard: Bincard, shelves: Shelves) -> None:
    shelves.use("A", "AL", monthly=30, left=0)
    shelves.use("A", "PCM", monthly=40, left=10)
    shelves.use("B", "AL", monthly=50, left=100)
    shelves.use("B", "PCM", monthly=50, left=1000)
    browser = bincard.browser("bob")
    for page, zone in (("/manage", ""), ("/manage/zones/{}", "North"), ("/manage/facilities/A", "")):
        html = browser.get(page.format(bincard.cast.zones.get(zone))).text
        for words, (number, door) in {**figures(html), **legend(html)}.items():
            of = {"open problems": "exception", "facilities": "place"}.get(words, "line")
            if "device" not in words:
                assert len(rows(browser.get(door).text, of)) == number, f"{page}: {words}"
    assert legend(browser.get("/manage").text) == {
        "Stocked out": (1, "/manage/stock?status=stocked_out"),
        "Understocked": (1, "/manage/stock?status=understocked"),
        "To plan": (1, "/manage/stock?status=according_to_plan"),
        "Overstocked": (1, "/manage/stock?status=overstocked"),
    }


def test_the_part_that_is_asked_for_anew_is_the_part_alone(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    for address in [*sorted(PAGES - {"/manage/devices"}), "/manage/devices?show=silent"]:
        whole = browser.get(address).text
        part = browser.get(address, headers={"hx-request": "true", "hx-request-type": "partial"}).text
        assert "<html" not in part
        assert "<h1" not in part
        assert "data-seen" in part
        begin = whole.index('<div class="stack" id="fresh"')
        assert text_of(part).partition(" ")[2][-200:] in text_of(whole[begin:])


def test_pages_speak_french(bincard: Bincard, shelves: Shelves) -> None:
    shelves.use("A", "AL", monthly=1200, left=1300)
    browser = bincard.browser("bob")
    browser.headers["accept-language"] = "fr"
    home = browser.get("/manage").text
    assert '<html lang="fr" dir="ltr">' in home
    assert "Conforme" in home
    assert "1 300" in text_of(browser.get("/manage/products/AL").text)
