"""Rights on every route: nobody, and no outsider, sees or changes anything of facility A, whatever they ask for.

Every route of the application is walked. One that is open to everybody has to be on the list here, and a new
kind of path parameter has to be given a value of facility A, or these tests fail.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from sqlalchemy import text

from backend.db import Database
from backend.models import metadata
from backend.web.guards import Guard
from tests.support.cast import SECRETS
from tests.web.conftest import Bincard

# Open on purpose: nothing of any facility is behind them. Files of the app are told by their own handler.
OPEN = {
    ("GET", "/"),
    ("GET", "/app"),
    ("GET", "/app/{rest}"),
    ("GET", "/health"),
    ("GET", "/schema"),
    ("GET", "/schema/openapi.json"),
    ("GET", "/schema/{path}"),
    ("GET", "/manage/sign-in"),
    ("POST", "/manage/sign-in"),
    ("POST", "/manage/sign-out"),
    ("POST", "/manage/language"),
}
# These ask for a device's token or a password themselves (tests/sync); a person's session opens none of them.
BY_DEVICE = {
    ("POST", "/sync/enrol"),
    ("POST", "/sync/people"),
    ("POST", "/sync/push"),
    ("POST", "/sync/carried"),
    ("GET", "/sync/pull"),
    ("POST", "/sync/wiped"),
}
# For whoever bears the token of a setting, which is not set here; test_metrics.py.
BY_MONITOR = {("GET", "/metrics")}
# Its answer never ends; who is told what is in test_live.py.
ENDLESS = {("GET", "/live")}
# What everyone who is signed in may do to themselves.
OWN = {
    ("POST", "/manage/account/password"),
    ("POST", "/manage/account/language"),
    ("POST", "/manage/account/sign-out-everywhere"),
}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRoute]]:
    """(method, path pattern, route) of all there is, but for the app's own files."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is no HTTP route: how are its rights tested?"
        for method in sorted(route.methods - {"OPTIONS", "HEAD"}):
            if handler_of(route, method).handler_name != "file":
                yield method, route.path_format, route


def handler_of(route: HTTPRoute, method: str) -> HTTPRouteHandler:
    """What answers a method there."""
    return route.route_handler_map[HttpMethod(method)][0]


def values(bincard: Bincard) -> dict[str, object]:
    """A value of facility A for every path parameter."""
    cast = bincard.cast
    return {
        "user_id": cast.users["alice"],
        "assignment_id": cast.assignments["alice"],
        "token_id": cast.token_ids["alice"],
        "operation_id": cast.operations["A"],
        "zone_id": cast.zones["North"],
        "facility": "A",
        "facility_code": "A",
        "product": "AL",
        "product_code": "AL",
        "device_id": cast.device,
        "exception_id": cast.exceptions["A"],
        "recall_id": cast.recall,
        "code": "A",
        "rest": "count",
        "path": "x",
    }


def address(route: HTTPRoute, known: dict[str, object]) -> str:
    """The route's path, filled in."""
    return route.path_format.format(**{name: known[name] for name in route.path_parameters})


def contents(db: Database) -> dict[str, object]:
    """All that the database holds, but for when sessions were used and wrong passwords tried."""
    with db.reading() as session:
        return {
            table.name: sorted(map(repr, session.connection().execute(table.select())))
            for table in metadata.sorted_tables
            if table.name not in ("web_session", "sign_in_failure")
        }


def test_every_route_is_guarded_or_open_on_purpose(bincard: Bincard) -> None:
    for method, pattern, route in routes(bincard.app):
        handler = handler_of(route, method)
        guarded = any(isinstance(guard, Guard) for guard in handler.resolve_guards())
        listed = (method, pattern) in OPEN | BY_DEVICE | BY_MONITOR
        assert guarded != listed, f"{method} {pattern}: guarded {guarded}, listed as open {listed}"


def test_the_list_of_open_routes_holds_no_dead_entry(bincard: Bincard) -> None:
    there = {(method, pattern) for method, pattern, _route in routes(bincard.app)}
    assert there >= OPEN | BY_DEVICE | BY_MONITOR | ENDLESS | OWN


def test_nobody_is_let_in(bincard: Bincard) -> None:
    known, browser, before = values(bincard), bincard.with_cookie(None), contents(bincard.db)
    for method, pattern, route in routes(bincard.app):
        if (method, pattern) in OPEN:
            continue
        answer = browser.request(method, address(route, known), data={} if method in UNSAFE else None)
        to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/manage/sign-in")
        # An enrolment without a body is refused before its password is looked at.
        refused = answer.status_code in (401, 403, 404) or (
            pattern == "/sync/enrol" and answer.status_code == 400
        )
        assert to_sign_in or refused, f"{method} {pattern} gave {answer.status_code}"
        assert not [secret for secret in SECRETS if secret in answer.text], pattern
    assert contents(bincard.db) == before


@pytest.mark.parametrize("outsider", ["charlie", "carol"])
@pytest.mark.parametrize("by", ["session", "token"])
def test_an_outsider_sees_and_changes_nothing(bincard: Bincard, outsider: str, by: str) -> None:
    known, before = values(bincard), contents(bincard.db)
    client = bincard.browser(outsider) if by == "session" else bincard.program(outsider)
    for method, pattern, route in routes(bincard.app):
        if (method, pattern) in OPEN | ENDLESS | OWN | BY_DEVICE:
            continue
        answer = client.request(method, address(route, known), data={} if method in UNSAFE else None)
        if method in UNSAFE:
            assert answer.status_code in (401, 403, 404), f"{method} {pattern} gave {answer.status_code}"
        else:
            assert answer.status_code in (200, 403, 404), f"{method} {pattern} gave {answer.status_code}"
        assert not [secret for secret in SECRETS if secret in answer.text], f"{method} {pattern}"
    assert contents(bincard.db) == before


def test_a_session_opens_no_door_of_the_devices(bincard: Bincard) -> None:
    browser = bincard.browser("ada")
    for method, pattern in BY_DEVICE - {("POST", "/sync/enrol")}:
        assert browser.request(method, pattern).status_code == 401


def test_a_device_token_reads_no_api_and_an_api_token_pushes_nothing(bincard: Bincard) -> None:
    from backend.services import devices
    from backend.web.wiring import Wiring

    wiring: Wiring = bincard.app.state.wiring
    with bincard.db.writing() as session:
        _id, device_token = devices.enrol(
            session,
            wiring.settings,
            user_id=bincard.cast.users["ada"],
            facility_id=bincard.cast.facilities["A"],
            name="n",
            now=bincard.time.now,
            ids=lambda: "01890000-0000-7000-8000-000000000001",
        )
    program = bincard.program("ada")
    assert program.get("/sync/pull").status_code == 401
    program.headers["authorization"] = f"Bearer {device_token}"
    assert program.get("/sync/pull").status_code == 200
    assert program.get("/api/v1/facilities").status_code == 401


def test_an_insider_does_see(bincard: Bincard) -> None:
    # The walk above proves nothing if its addresses lead nowhere, or the secrets are nowhere to be seen.
    known, browser, seen = values(bincard), bincard.browser("ada"), set()
    for method, pattern, route in routes(bincard.app):
        if method == "GET" and (method, pattern) not in OPEN | ENDLESS | BY_DEVICE | BY_MONITOR:
            answer = browser.get(address(route, known))
            assert answer.status_code == 200, f"{pattern} gave {answer.status_code}"
            seen |= {secret for secret in SECRETS if secret in answer.text}
    assert seen == set(SECRETS)


def test_an_administrator_of_one_zone_edits_no_users(bincard: Bincard) -> None:
    from backend.services import people

    with bincard.db.writing() as session:
        people.grant(
            session, bincard.cast.users["carol"], "admin", now=0, zone_id=bincard.cast.zones["South"]
        )
    browser = bincard.browser("carol")
    assert browser.get("/manage/users").status_code == 403
    me = bincard.cast.users["carol"]
    answer = browser.post(f"/manage/users/{me}/roles", data={"role": "admin", "place": "*"})
    assert answer.status_code == 403


def test_a_token_cannot_write(bincard: Bincard) -> None:
    alice = bincard.cast.users["alice"]
    answer = bincard.program("ada").post(
        f"/manage/users/{alice}/disable", headers={"sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:bincard:problem:read_only_token"
    with bincard.db.reading() as session:
        disabled = session.connection().execute(
            text('SELECT disabled_at FROM "user" WHERE id = :id'), {"id": alice}
        )
        assert disabled.scalar_one() is None
