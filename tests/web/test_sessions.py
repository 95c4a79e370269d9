"""Browser sessions: how they begin, rest, move on and end, and what the cookie says."""

from __future__ import annotations

import json

import pytest
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send
from sqlmodel import select

from backend.app import create_app
from backend.models import Meta, WebSession
from backend.services import people, web_sessions
from backend.services.sign_in import WINDOW_MS
from backend.settings import Settings
from tests.support.cast import PASSWORD
from tests.web.conftest import HOST, SAME_SITE, Bincard

SIGN_IN = "/manage/sign-in"
ACCOUNT = "/manage/account"


def hashes(bincard: Bincard) -> set[str]:
    with bincard.db.reading() as session:
        return set(session.exec(select(WebSession.secret_hash)).all())


def test_signing_in_leads_to_the_page_that_was_wanted(bincard: Bincard) -> None:
    browser = bincard.with_cookie(None)
    sent_away = browser.get("/manage/users?search=a")
    assert sent_away.status_code == 303
    assert sent_away.headers["location"] == "/manage/sign-in?next=/manage/users%3Fsearch%3Da"
    form = browser.get(sent_away.headers["location"])
    assert 'name="next" value="/manage/users?search=a"' in form.text
    answer = browser.post(
        SIGN_IN, data={"name": "ada", "password": PASSWORD, "next": "/manage/users?search=a"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/manage/users?search=a")
    assert browser.get("/manage/users").status_code == 200


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_the_table_knows_only_its_hash(
    bincard: Bincard,
) -> None:
    answer = bincard.with_cookie(None).post(SIGN_IN, data={"name": "bob", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    secret = answer.cookies["bincard_session"]
    assert len(secret) >= 43
    assert web_sessions.hash_of(secret) in hashes(bincard)
    assert secret not in hashes(bincard)


def test_behind_https_the_cookie_is_bound_to_the_host(settings: Settings) -> None:
    secure = settings.model_copy(update={"secure_cookies": True})
    app = create_app(secure)
    with app.state.wiring.db.writing() as session:
        people.add_user(session, name="ama", password=PASSWORD, now=0)
    with TestClient(app, base_url=f"https://{HOST}") as client:
        client.follow_redirects = False
        answer = client.post(
            SIGN_IN,
            data={"name": "ama", "password": PASSWORD},
            headers=SAME_SITE | {"origin": f"https://{HOST}"},
        )
        assert answer.headers["set-cookie"].startswith("__Host-bincard_session=")
        assert "; secure" in answer.headers["set-cookie"].lower()
        assert "domain" not in answer.headers["set-cookie"].lower()
        assert answer.headers["strict-transport-security"]
        assert client.get(ACCOUNT).status_code == 200


def test_a_secret_brought_along_is_not_used_on(bincard: Bincard) -> None:
    # Session fixation: whoever planted the cookie must not share the session that follows.
    planted = bincard.cast.secrets["charlie"]
    browser = bincard.with_cookie(planted)
    answer = browser.post(SIGN_IN, data={"name": "bob", "password": PASSWORD})
    assert answer.cookies["bincard_session"] != planted
    assert web_sessions.hash_of(planted) not in hashes(bincard)
    assert bincard.with_cookie(planted).get(ACCOUNT).status_code == 303


def test_a_made_up_secret_is_nobody(bincard: Bincard) -> None:
    for secret in ("x", "x" * 43, "x" * 5000, web_sessions.hash_of(bincard.cast.secrets["bob"])):
        assert bincard.with_cookie(secret).get(ACCOUNT).status_code == 303


def test_signing_out_ends_the_session_on_the_server(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    answer = browser.post("/manage/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN)
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert bincard.browser("bob").get(ACCOUNT).status_code == 303


def test_a_session_rests_only_so_long(bincard: Bincard) -> None:
    bincard.time.pass_hours(11.9)
    assert bincard.browser("bob").get(ACCOUNT).status_code == 200
    bincard.time.pass_hours(11.9)
    assert bincard.browser("bob").get(ACCOUNT).status_code == 200
    bincard.time.pass_hours(12)
    assert bincard.browser("bob").get(ACCOUNT).status_code == 303


def test_a_session_in_use_ends_after_thirty_days(bincard: Bincard) -> None:
    for _ in range(3 * 30 - 1):
        bincard.time.pass_hours(8)
        assert bincard.browser("bob").get(ACCOUNT).status_code == 200
    bincard.time.pass_hours(8)
    assert bincard.browser("bob").get(ACCOUNT).status_code == 303


def test_signing_out_everywhere_and_being_disabled_end_every_session(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        other = web_sessions.begin(session, user_id=bincard.cast.users["bob"], hours=12, now=bincard.time.now)
    assert bincard.with_cookie(other).get(ACCOUNT).status_code == 200
    assert bincard.browser("bob").post("/manage/account/sign-out-everywhere").status_code == 303
    assert bincard.with_cookie(other).get(ACCOUNT).status_code == 303
    with bincard.db.writing() as session:
        people.disable(session, bincard.cast.users["carol"], bincard.time.now)
    assert bincard.browser("carol").get(ACCOUNT).status_code == 303


def test_a_wrong_password_is_told_where_it_was_typed(bincard: Bincard) -> None:
    answer = bincard.with_cookie(None).post(
        SIGN_IN, data={"name": "bob<script>", "password": "wrong", "next": "/manage/devices"}
    )
    assert answer.status_code == 401
    assert "The name or the password is not right." in answer.text
    assert 'value="bob&lt;script&gt;"' in answer.text
    assert 'value="/manage/devices"' in answer.text
    assert "wrong" not in answer.text.replace("A problem", "")
    assert "set-cookie" not in answer.headers


def test_too_many_wrong_passwords_are_told_with_how_long_to_wait(bincard: Bincard) -> None:
    browser = bincard.with_cookie(None)
    for _ in range(3):
        assert browser.post(SIGN_IN, data={"name": "bob", "password": "wrong"}).status_code == 401
    refused = browser.post(SIGN_IN, data={"name": "bob", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_MS // 1000
    assert "Too many wrong passwords" in refused.text
    bincard.time.now += WINDOW_MS
    assert browser.post(SIGN_IN, data={"name": "bob", "password": PASSWORD}).status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/manage",
        "/\\evil.example",
        "/manage//evil.example",
        "/manage\\evil",
        "/managed",
        "javascript:alert(1)",
        "/manage/\r\nset-cookie: a=b",
        "/manage/sign-out",
        "",
    ],
)
def test_next_never_leads_away(bincard: Bincard, wanted: str) -> None:
    answer = bincard.with_cookie(None).post(
        SIGN_IN, data={"name": "bob", "password": PASSWORD, "next": wanted}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/manage")


def test_htmx_is_sent_to_sign_in_as_a_whole_page(bincard: Bincard) -> None:
    answer = bincard.with_cookie(None).get(
        "/manage/users", headers={"hx-request": "true", "hx-request-type": "partial"}
    )
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == SIGN_IN


def test_demo_accounts_sign_in_on_this_machine_only(settings: Settings) -> None:
    def status(app_settings: Settings, peer: str, forwarded: str | None) -> int:
        app = create_app(app_settings)
        inside = app.asgi_handler

        async def from_peer(scope: Scope, receive: Receive, send: Send) -> None:
            scope["client"] = (peer, 4711)
            await inside(scope, receive, send)

        app.asgi_handler = from_peer
        with TestClient(app, base_url=f"http://{HOST}") as client:
            client.follow_redirects = False
            headers = SAME_SITE | ({"x-forwarded-for": forwarded} if forwarded else {})
            return client.post(
                SIGN_IN, data={"name": "nurse", "password": "demo-nurse"}, headers=headers
            ).status_code

    app = create_app(settings)
    with app.state.wiring.db.writing() as session:
        people.add_user(session, name="nurse", password="demo-nurse", now=0)
        session.add(Meta(key="demo_users", value=json.dumps(["nurse"])))
    app.state.wiring.db.close()
    settings = settings.model_copy(update={"sign_in_attempts": 50})
    behind = settings.model_copy(update={"trusted_proxies": 1})
    assert status(settings, "127.0.0.1", None) == 303
    assert status(settings, "203.0.113.9", None) == 403
    assert status(settings, "203.0.113.9", "127.0.0.1") == 403
    assert status(settings, "127.0.0.1", "127.0.0.1") == 403
    assert status(behind, "127.0.0.1", "203.0.113.9") == 403
    assert status(behind, "127.0.0.1", "127.0.0.1, 203.0.113.9") == 403
    assert status(behind, "10.0.0.1", "127.0.0.1") == 303
