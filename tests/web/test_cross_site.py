"""What another site makes a browser send is refused: by Sec-Fetch-Site, or by Origin where that is missing."""

from __future__ import annotations

import pytest

from tests.support.cast import PASSWORD
from tests.web.conftest import HOST, SAME_SITE, Bincard

TARGET = "/manage/account/language"
OK, REFUSED = 303, 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, OK),
        ({"sec-fetch-site": "none"}, OK),
        ({"sec-fetch-site": "same-site"}, REFUSED),
        ({"sec-fetch-site": "cross-site"}, REFUSED),
        # What the browser says of the site counts for more than an Origin that looks right.
        ({"sec-fetch-site": "cross-site", "origin": f"http://{HOST}"}, REFUSED),
        ({"sec-fetch-site": "", "origin": f"http://{HOST}"}, REFUSED),
        ({"origin": f"http://{HOST}"}, OK),
        ({"origin": f"HTTP://{HOST.upper()}"}, OK),
        ({"origin": f"http://{HOST}:8080"}, REFUSED),
        ({"origin": f"http://{HOST}.evil.example"}, REFUSED),
        ({"origin": f"http://evil.example/{HOST}"}, REFUSED),
        ({"origin": f"http://{HOST}@evil.example"}, REFUSED),
        ({"origin": "null"}, REFUSED),
        ({"origin": ""}, REFUSED),
        ({"origin": "http://["}, REFUSED),
        ({}, REFUSED),
    ],
)
def test_a_change_has_to_come_from_this_very_site(
    bincard: Bincard, headers: dict[str, str], status: int
) -> None:
    browser = bincard.browser("bob")
    for name in SAME_SITE:
        del browser.headers[name]
    answer = browser.post(TARGET, data={"language": "en"}, headers=headers)
    assert answer.status_code == status
    if status == REFUSED:
        assert "did not come from a page of Bincard" in answer.text


def test_signing_in_and_out_cannot_be_forced_on_a_visitor(bincard: Bincard) -> None:
    evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    for path, data in (
        ("/manage/sign-in", {"name": "charlie", "password": PASSWORD}),
        ("/manage/sign-out", {}),
        ("/manage/language", {"language": "fr"}),
    ):
        answer = bincard.with_cookie(None).post(path, data=data, headers=evil)
        assert answer.status_code == REFUSED
        assert "set-cookie" not in answer.headers
    assert bincard.browser("bob").get("/manage/account").status_code == 200


def test_a_cookie_is_not_carried_into_the_wire_by_another_site(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    answer = browser.post("/sync/push", headers={"sec-fetch-site": "cross-site"}, content=b"{}")
    assert (answer.status_code, answer.json()["type"]) == (REFUSED, "urn:bincard:problem:cross_site")


def test_a_program_without_a_cookie_needs_no_origin(bincard: Bincard) -> None:
    answer = bincard.anyone.post("/sync/push", content=b"{}")
    assert answer.status_code == 401


def test_a_program_may_sign_in_but_has_to_say_where_it_acts_from(bincard: Bincard) -> None:
    program = bincard.with_cookie(None)
    for name in SAME_SITE:
        del program.headers[name]
    assert program.post("/manage/sign-in", data={"name": "bob", "password": PASSWORD}).status_code == 303
    assert program.get("/manage/account").status_code == 200
    assert program.post(TARGET, data={"language": "fr"}).status_code == REFUSED
    assert program.post("/manage/sign-out").status_code == REFUSED
    assert program.post(TARGET, data={"language": "fr"}, headers=SAME_SITE).status_code == OK
