"""Whatever is sent, the answer is clear: never a 5xx, always the one shape, on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from backend.app import create_app
from backend.clock import system_clock
from backend.settings import Settings
from tests.support.cast import assemble
from tests.web.conftest import HOST, Bincard, Time

LISTS = ("facilities", "products", "cards", "exceptions", "policies", "devices", "tokens", "users")
PARAMETERS = ("cursor", "limit", "facility", "product", "state", "search", "next", "period", "zone", "status")
# Any text that can be written into an address, the awkward kinds often.
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=80),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        ["", "\x00", "é", "'", '"', "%", "\\", "NaN", "null", "[]", "../..", "A" * 3000, "\u202e", "😀"]
    ),
)
FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Iterator[Bincard]:
    """The application with the cast in it, once on each database."""
    with_limit = Settings(
        data=tmp_path, database_url=database_url, secret_key="k" * 43, sign_in_attempts=10_000
    )
    time = Time()
    app = create_app(with_limit, clock=time)
    with app.state.wiring.db.writing() as session:
        cast = assemble(session, with_limit, system_clock())
    with TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield Bincard(app, client, cast, app.state.wiring.db, time)


def test_queries(either: Bincard) -> None:
    program = either.program("ada")

    @FEW
    @given(st.sampled_from(LISTS), st.dictionaries(st.sampled_from(PARAMETERS), ANY_TEXT, max_size=4))
    @example("cards", {"facility": "\x00"})
    @example("cards", {"product": "\ud7ff"})
    def asked(path: str, query: dict[str, str]) -> None:
        answer = program.get(f"/api/v1/{path}", params=query)
        assert answer.status_code in (200, 400, 404, 414), answer.text
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/problem+json"

    asked()


def test_paths(either: Bincard) -> None:
    program, browser = either.program("ada"), either.browser("ada")

    @FEW
    @given(
        st.sampled_from(
            [
                "/api/v1/operations/",
                "/manage/users/",
                "/manage/operations/",
                "/manage/facilities/",
                "/manage/zones/",
            ]
        ),
        ANY_TEXT,
    )
    @example("/manage/zones/", str(2**31))
    @example("/manage/zones/", str(2**63))
    @example("/manage/users/", str(2**63))
    def asked(path: str, rest: str) -> None:
        client = program if path.startswith("/api") else browser
        answer = client.get(path + quote(rest, safe=""))
        assert answer.status_code in (200, 303, 307, 308, 400, 404, 405, 414), (
            f"{path}{rest!r}: {answer.status_code}"
        )

    asked()


def test_pages_with_any_query(either: Bincard) -> None:
    browser = either.browser("ada")

    @FEW
    @given(
        st.sampled_from(
            ["", "/facilities", "/products", "/stock", "/exceptions", "/devices", "/users", "/sign-in"]
        ),
        st.dictionaries(st.sampled_from([*PARAMETERS, "q", "zone_id", "show"]), ANY_TEXT, max_size=4),
    )
    def asked(path: str, query: dict[str, str]) -> None:
        answer = browser.get(f"/manage{path}", params=query)
        assert answer.status_code in (200, 303, 400, 404, 414), f"{path} {query}: {answer.status_code}"

    asked()


def test_forms(either: Bincard) -> None:
    browser, alice = either.browser("ada"), either.cast.users["alice"]
    fields = ("name", "email", "password", "language", "role", "place", "next")

    @FEW
    @given(
        st.sampled_from(["/manage/users/new", f"/manage/users/{alice}/roles", "/manage/account/language"]),
        st.dictionaries(st.sampled_from(fields), ANY_TEXT, max_size=5),
    )
    @example("/manage/users/new", {"name": "x", "role": "nurse", "place": "A\x00"})
    @example("/manage/users/new", {"name": "x{y}", "role": "{", "place": "{0}"})
    def sent(path: str, data: dict[str, str]) -> None:
        answer = browser.post(path, data=data)
        assert answer.status_code in (303, 400, 404, 409, 413, 422), f"{path} {data}: {answer.text[:200]}"

    sent()


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "\ud800", "é" * 40, "'; DROP TABLE user; --"])
def test_a_name_that_no_database_could_hold_is_a_wrong_name(either: Bincard, name: str) -> None:
    body = json.dumps({"user": name, "password": name, "facility": "A", "name": "t"})
    answer = either.anyone.post("/sync/enrol", content=body)
    assert answer.status_code in (400, 401), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
