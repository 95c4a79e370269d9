"""Administering people in the browser: adding, roles, passwords, shutting out; and one's own account."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select

from backend.models import ApiToken, Assignment, SignInFailure, User
from backend.services import access
from backend.services.sign_in import check_password
from backend.web.wiring import Wiring
from tests.support.cast import PASSWORD
from tests.web.conftest import Bincard

NEW = {"name": "efua", "email": "efua@example.org", "language": "fr", "password": "long enough"}


def user(bincard: Bincard, name: str) -> User | None:
    with bincard.db.reading() as session:
        found = session.exec(select(User).where(User.name == name)).first()
        if found is not None:
            session.expunge(found)
        return found


def open_roles(bincard: Bincard, name: str) -> list[tuple[str, int | None, int | None]]:
    with bincard.db.reading() as session:
        rows = session.exec(
            select(Assignment).join(User).where(User.name == name, Assignment.withdrawn_at == None)  # noqa: E711
        ).all()
        return [(row.role, row.facility_id, row.zone_id) for row in rows]


async def signs_in(bincard: Bincard, name: str, password: str) -> int:
    wiring: Wiring = bincard.app.state.wiring
    return await check_password(
        wiring.db, wiring.settings, bincard.time.now, name=name, password=password, address="10.0.0.9"
    )


async def test_an_administrator_adds_someone_who_can_sign_in(bincard: Bincard) -> None:
    answer = bincard.browser("ada").post(
        "/manage/users/new", data=NEW | {"role": "manager", "place": "Country/North"}
    )
    assert answer.status_code == 303
    made = user(bincard, "efua")
    assert made is not None
    assert answer.headers["location"] == f"/manage/users/{made.id}"
    assert (made.email, made.language, made.created_at) == ("efua@example.org", "fr", bincard.time.now)
    assert open_roles(bincard, "efua") == [("manager", None, bincard.cast.zones["North"])]
    assert await signs_in(bincard, "efua", "long enough") == made.id
    page = bincard.browser("ada").get(answer.headers["location"]).text
    assert "Country/North" in page
    assert "long enough" not in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "A user name has 1 to 64"),
        ({"name": "two  blanks"}, "A user name has 1 to 64"),
        ({"name": "n" * 65}, "A user name has 1 to 64"),
        ({"name": "ALICE"}, "There is a user with this name already."),
        ({"email": "nowhere"}, "This is not an e-mail address."),
        ({"language": "xx"}, "There is no such language here."),
        ({"password": "short"}, "The password is too short"),
        ({"password": "aaaaaaaaaaaa"}, "The password is too easy to guess."),
        ({"name": "longenoughname", "password": "LongEnoughName"}, "The password is too easy to guess."),
        ({"role": "king"}, "There is no such role."),
        ({"role": ""}, "There is no such role."),
        ({"place": "Atlantis"}, "There is no facility with this code and no zone with this path."),
        ({"place": ""}, "There is no facility with this code and no zone with this path."),
    ],
)
def test_a_mistake_is_told_beside_what_was_typed_and_adds_nobody(
    bincard: Bincard, change: dict[str, str], words: str
) -> None:
    data = NEW | {"role": "nurse", "place": "A"} | change
    answer = bincard.browser("ada").post("/manage/users/new", data=data)
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert f'value="{data["email"]}"' in answer.text
    assert f'value="{data["password"]}"' not in answer.text
    with bincard.db.reading() as session:
        assert len(session.exec(select(User)).all()) == len(bincard.cast.users)


def test_a_role_is_given_and_taken_back_and_its_time_is_kept(bincard: Bincard) -> None:
    browser, alice = bincard.browser("ada"), bincard.cast.users["alice"]
    given = bincard.time.now
    for _ in range(2):
        answer = browser.post(f"/manage/users/{alice}/roles", data={"role": "storekeeper", "place": "C"})
        assert answer.status_code == 303
    c = bincard.cast.facilities["C"]
    assert sorted(open_roles(bincard, "alice"))[1] == ("storekeeper", c, None)
    assert len(open_roles(bincard, "alice")) == 2
    bincard.time.pass_hours(1)
    with bincard.db.reading() as session:
        row_id = session.exec(
            select(Assignment.id).where(Assignment.user_id == alice, Assignment.role == "storekeeper")
        ).one()
        before = session.get_one(User, alice).change
    assert browser.post(f"/manage/users/{alice}/roles/{row_id}/withdraw").status_code == 303
    with bincard.db.reading() as session:
        then = access.access_of(session, [alice])[alice]
        assert session.get_one(User, alice).change > before
    assert then.allows("stock.count", c, given)
    assert not then.allows("stock.count", c, bincard.time.now)


def test_a_role_is_withdrawn_only_under_its_own_person(bincard: Bincard) -> None:
    alice, bobs = bincard.cast.users["alice"], bincard.cast.assignments["bob"]
    answer = bincard.browser("ada").post(f"/manage/users/{alice}/roles/{bobs}/withdraw")
    assert answer.status_code == 404
    assert len(open_roles(bincard, "bob")) == 1


async def test_a_reset_password_signs_out_everywhere(bincard: Bincard) -> None:
    bob = bincard.cast.users["bob"]
    short = bincard.browser("ada").post(f"/manage/users/{bob}/password", data={"password": "short"})
    assert short.status_code == 422
    assert "too short" in short.text
    assert bincard.browser("bob").get("/manage/account").status_code == 200
    answer = bincard.browser("ada").post(f"/manage/users/{bob}/password", data={"password": "another one"})
    assert answer.status_code == 303
    assert bincard.browser("bob").get("/manage/account").status_code == 303
    assert await signs_in(bincard, "bob", "another one") == bob


def test_disabling_shuts_out_and_enabling_lets_in(bincard: Bincard) -> None:
    browser, bob = bincard.browser("ada"), bincard.cast.users["bob"]
    assert browser.post(f"/manage/users/{bob}/disable").status_code == 303
    assert bincard.browser("bob").get("/manage/account").status_code == 303
    assert bincard.program("bob").get("/api/v1/cards").status_code == 401
    assert "Disabled since" in browser.get(f"/manage/users/{bob}").text
    assert browser.post(f"/manage/users/{bob}/enable").status_code == 303
    made = user(bincard, "bob")
    assert made is not None
    assert made.disabled_at is None
    # What was revoked stays so: tokens do not come back to life.
    assert bincard.program("bob").get("/api/v1/cards").status_code == 401


def test_nobody_shuts_themselves_out(bincard: Bincard) -> None:
    browser, ada = bincard.browser("ada"), bincard.cast.users["ada"]
    for path in ("disable", f"roles/{bincard.cast.assignments['ada']}/withdraw"):
        answer = browser.post(f"/manage/users/{ada}/{path}")
        assert answer.status_code == 409
        assert "You cannot shut yourself out." in answer.text
    assert browser.get("/manage/users").status_code == 200


def test_a_token_is_revoked_under_its_own_person(bincard: Bincard) -> None:
    browser, cast = bincard.browser("ada"), bincard.cast
    token = cast.token_ids["bob"]
    assert browser.post(f"/manage/users/{cast.users['alice']}/tokens/{token}/revoke").status_code == 404
    assert bincard.program("bob").get("/api/v1/cards").status_code == 200
    assert browser.post(f"/manage/users/{cast.users['bob']}/tokens/{token}/revoke").status_code == 303
    assert bincard.program("bob").get("/api/v1/cards").status_code == 401
    with bincard.db.reading() as session:
        assert session.get_one(ApiToken, token).revoked_at == bincard.time.now


def test_the_list_is_searched(bincard: Bincard) -> None:
    browser = bincard.browser("ada")

    def names(search: str) -> list[str]:
        text = browser.get("/manage/users", params={"search": search}).text
        return re.findall(r'<span class="row-name">([^<]*)</span>', text)

    assert names("") == sorted(bincard.cast.users)
    assert names("CAR") == ["carol"]
    assert names("%") == names("_") == names("\\") == []


@pytest.mark.parametrize("path", ["999999", "0", "99999999999999999999", "-1", "x"])
def test_a_person_who_is_not_there_is_404_or_400(bincard: Bincard, path: str) -> None:
    assert bincard.browser("ada").get(f"/manage/users/{path}").status_code in (400, 404)


async def test_ones_own_password_needs_the_old_one_and_begins_a_new_session(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    fields = {"current": PASSWORD, "password": "fresh and long", "again": "fresh and long"}
    for change, words in (
        ({"current": "wrong"}, "The current password is not right."),
        ({"again": "other"}, "The two new passwords are not the same."),
        ({"password": "short", "again": "short"}, "The password is too short"),
    ):
        answer = browser.post("/manage/account/password", data=fields | change)
        assert answer.status_code == 422
        assert words in answer.text
    answer = browser.post("/manage/account/password", data=fields)
    assert answer.status_code == 303
    assert bincard.browser("bob").get("/manage/account").status_code == 303
    assert bincard.with_cookie(answer.cookies["bincard_session"]).get("/manage/account").status_code == 200
    assert await signs_in(bincard, "bob", "fresh and long") == bincard.cast.users["bob"]


def test_guessing_at_ones_own_password_is_limited_too(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    data = {"current": "wrong", "password": "fresh and long", "again": "fresh and long"}
    statuses = [browser.post("/manage/account/password", data=data).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]
    with bincard.db.reading() as session:
        assert len(session.exec(select(SignInFailure)).all()) == 3


def test_ones_own_language_is_kept(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    assert browser.post("/manage/account/language", data={"language": "fr"}).status_code == 303
    assert '<html lang="fr"' in browser.get("/manage/account", headers={"accept-language": "en"}).text
    assert browser.post("/manage/account/language", data={"language": "xx"}).status_code == 400
    assert browser.post("/manage/account/language", data={"language": ""}).status_code == 303
    assert '<html lang="en"' in browser.get("/manage/account", headers={"accept-language": "en"}).text


def test_forms_that_are_no_forms_are_refused_clearly(bincard: Bincard) -> None:
    browser = bincard.browser("ada")
    for data in (
        {"name": "a\x00b"},
        {"name": "x" * 2000},
        {"name": ["a", "b"]},
    ):
        answer = browser.post("/manage/users/new", data=data)
        assert answer.status_code in (400, 422)
        assert answer.text.startswith("<!doctype html>")
    assert browser.post("/manage/users/new", content=b"\xff\xfe").status_code in (400, 415, 422)
    assert browser.post("/manage/users/new", json={"name": "x"}).status_code in (400, 415, 422)
