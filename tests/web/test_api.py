"""The read API: what each row says, who sees which rows, pages and their cursors, and every refusal."""

from __future__ import annotations

import base64
import json

import pytest
from sqlmodel import Session, select

from backend.clock import to_iso
from backend.models import ApiToken, Facility, FacilityType, User
from backend.services import people, tokens
from tests.support.cast import SECRET_LOT, SECRET_NAME
from tests.web.conftest import Bincard

LISTS = ("facilities", "products", "cards", "exceptions", "policies", "devices", "tokens", "users")


def items(bincard: Bincard, name: str, path: str) -> list[dict[str, object]]:
    answer = bincard.program(name).get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"items", "next"}
    return list(body["items"])


def test_a_card_row_is_as_documented(bincard: Bincard) -> None:
    rows = items(bincard, "bob", "cards?facility=A&product=AL")
    assert len(rows) == 1
    assert list(rows[0]) == (
        [
            "facility",
            "product",
            "lot",
            "expiry",
            "location",
            "account",
            "on_hand",
            "last_counted_at",
            "version",
        ]
    )
    version = rows[0].pop("version")
    assert isinstance(version, int)
    assert version > 0
    assert rows[0] == {
        "facility": "A",
        "product": "AL",
        "lot": SECRET_LOT,
        "expiry": "2031-01-31",
        "location": "",
        "account": "",
        "on_hand": 40,
        "last_counted_at": None,
    }


def test_facilities_and_products_are_described(bincard: Bincard) -> None:
    [a, b] = items(bincard, "bob", "facilities")
    assert (a["code"], a["name"], a["zone"], a["type"]) == (
        "A",
        SECRET_NAME,
        "Country/North",
        "health centre",
    )
    assert b["supplied_by"] is None
    [al, _pcm] = items(bincard, "bob", "products")
    assert (al["code"], al["pack_size"], al["programs"]) == ("AL", 10, ["malaria"])


def test_policies_are_in_months(bincard: Bincard) -> None:
    assert items(bincard, "bob", "policies") == [
        {
            "facility_type": "health centre",
            "program": None,
            "minimum_months": 1.0,
            "maximum_months": 3.5,
            "emergency_months": 0.5,
        }
    ]


@pytest.mark.parametrize(
    ("name", "seen"), [("bob", {"A", "B"}), ("carol", {"C"}), ("ada", {"A", "B", "C"}), ("dan", {"A"})]
)
def test_each_sees_their_own_places(bincard: Bincard, name: str, seen: set[str]) -> None:
    assert {row["code"] for row in items(bincard, name, "facilities")} == seen
    assert {row["facility"] for row in items(bincard, name, "cards")} == seen


def test_someone_narrowed_to_a_program_sees_its_products_only(bincard: Bincard) -> None:
    assert [row["code"] for row in items(bincard, "dan", "products")] == ["AL"]
    assert {row["product"] for row in items(bincard, "dan", "cards")} == {"AL"}
    assert bincard.program("dan").get("/api/v1/cards?product=PCM").status_code == 404
    body = bincard.program("dan").get(f"/api/v1/operations/{bincard.cast.operations['A']}").json()["body"]
    assert [line["product"] for line in body["lines"]] == ["AL"]


def test_another_ones_facility_is_like_one_that_is_not_there(bincard: Bincard) -> None:
    answers = [
        bincard.program("carol").get(f"/api/v1/cards?facility={code}").json() for code in ("A", "NOWHERE")
    ]
    assert answers[0] == answers[1]
    assert answers[0]["status"] == 404
    operation = bincard.cast.operations["A"]
    assert bincard.program("carol").get(f"/api/v1/operations/{operation}").status_code == 404


def test_an_operation_is_given_without_the_patient(bincard: Bincard) -> None:
    operation = bincard.cast.operations["A"]
    body = bincard.program("bob").get(f"/api/v1/operations/{operation}").json()
    assert (body["id"], body["facility"], body["author"], body["outcome"]) == (
        operation,
        "A",
        "alice",
        "flagged",
    )
    assert body["body"]["reference"] == "R1"
    assert "patient" not in body["body"]
    assert [one["code"] for one in body["exceptions"]] == ["clock_skew"]


def test_exceptions_by_state(bincard: Bincard) -> None:
    [a, _b] = items(bincard, "bob", "exceptions?state=open")
    assert (a["facility"], a["code"], a["state"], a["line"]) == ("A", "clock_skew", "open", 0)
    assert (a["product"], a["lot"]) == ("AL", SECRET_LOT)
    assert items(bincard, "bob", "exceptions?state=closed") == []
    assert bincard.program("bob").get("/api/v1/exceptions?state=half").status_code == 400


def test_users_carry_no_secret_and_are_for_administrators(bincard: Bincard) -> None:
    answer = bincard.program("ada").get("/api/v1/users")
    assert "argon2" not in answer.text
    assert "hash" not in answer.text
    by_name = {row["name"]: row for row in answer.json()["items"]}
    assert [(one["role"], one["zone"]) for one in by_name["bob"]["roles"]] == [("manager", "Country/North")]
    assert by_name["dan"]["programs"] == ["malaria"]
    assert bincard.program("bob").get("/api/v1/users").status_code == 403


def test_devices_and_tokens(bincard: Bincard) -> None:
    [device] = items(bincard, "bob", "devices")
    assert (device["id"], device["facility"], device["user"]) == (bincard.cast.device, "A", "alice")
    assert items(bincard, "carol", "devices") == []
    assert [row["id"] for row in items(bincard, "bob", "tokens")] == [bincard.cast.token_ids["bob"]]
    assert {row["user"] for row in items(bincard, "ada", "tokens")} == set(bincard.cast.users)


def test_pages_follow_each_other_without_gap_or_repeat(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        kind = session.exec(select(FacilityType)).one()
        session.add_all(
            Facility(code=f"N{i:03d}", name=f"N{i}", type_id=kind.id, zone_id=bincard.cast.zones["North"])
            for i in range(23)
        )
    whole = [row["code"] for row in items(bincard, "bob", "facilities")]
    assert len(whole) == 25
    seen, cursor, pages = [], None, 0
    while True:
        query = "?limit=7" + (f"&cursor={cursor}" if cursor else "")
        body = bincard.program("bob").get(f"/api/v1/facilities{query}").json()
        seen += [row["code"] for row in body["items"]]
        pages, cursor = pages + 1, body["next"]
        if cursor is None:
            break
    assert seen == whole
    assert pages == 4


def test_a_list_that_fills_its_page_exactly_has_no_next(bincard: Bincard) -> None:
    assert bincard.program("bob").get("/api/v1/facilities?limit=2").json()["next"] is None


@pytest.mark.parametrize("path", LISTS)
def test_a_bad_limit_is_a_clear_400(bincard: Bincard, path: str) -> None:
    program = bincard.program("ada")
    for limit in ("0", "-1", "1001", "many", "1.5", ""):
        answer = program.get(f"/api/v1/{path}?limit={limit}")
        assert answer.status_code == 400, limit
        assert answer.json()["errors"][0]["field"] == "limit"


FOREIGN = base64.urlsafe_b64encode(json.dumps(["elsewhere", 1]).encode()).decode()
NESTED = base64.urlsafe_b64encode(b"[" * 500).decode()
HUGE = base64.urlsafe_b64encode(json.dumps(["policies", 2**70]).encode()).decode()


@pytest.mark.parametrize("path", LISTS)
def test_a_foreign_cursor_is_a_clear_400(bincard: Bincard, path: str) -> None:
    program = bincard.program("ada")
    for cursor in ("x", "%20", "é", "a" * 900, FOREIGN, NESTED, HUGE, "W10"):
        answer = program.get(f"/api/v1/{path}?cursor={cursor}")
        assert answer.status_code == 400, cursor
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:bincard:problem:bad_cursor"


def test_without_a_good_token_it_is_401(bincard: Bincard) -> None:
    for header in ("", "Bearer", "Bearer x", "Basic YTpi", "Bearer " + "x" * 5000):
        answer = bincard.anyone.get("/api/v1/facilities", headers={"authorization": header})
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["type"] == "urn:bincard:problem:not_signed_in"


def test_a_bad_token_is_not_saved_by_a_good_cookie(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    assert browser.get("/api/v1/facilities").status_code == 200
    assert browser.get("/api/v1/facilities", headers={"authorization": "Bearer x"}).status_code == 401


def test_an_altered_token_is_refused(bincard: Bincard) -> None:
    program = bincard.program("bob")
    text = bincard.cast.bearers["bob"]
    # In front of the last sign: of that one some bits say nothing.
    altered = text[:-2] + ("A" if text[-2] != "A" else "B") + text[-1]
    for forged in (altered, text.swapcase(), "." + text, text + "."):
        program.headers["authorization"] = f"Bearer {forged}"
        assert program.get("/api/v1/facilities").status_code == 401


def test_a_revoked_token_and_a_disabled_user_are_out_at_once(bincard: Bincard) -> None:
    def revoke(session: Session) -> None:
        tokens.revoke(session, bincard.cast.token_ids["bob"], bincard.time.now)
        people.disable(session, bincard.cast.users["carol"], bincard.time.now)

    with bincard.db.writing() as session:
        revoke(session)
    for name in ("bob", "carol"):
        assert bincard.program(name).get("/api/v1/facilities").status_code == 401
    with bincard.db.reading() as session:
        token = session.get_one(ApiToken, bincard.cast.token_ids["carol"])
        assert token.revoked_at == bincard.time.now


def test_a_nurse_has_no_token_for_reading(bincard: Bincard) -> None:
    answer = bincard.program("alice").get("/api/v1/cards")
    assert answer.status_code == 403
    assert answer.json()["right"] == "stock.view"


def test_a_token_reads_only_where_reading_was_given(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        people.grant(
            session, bincard.cast.users["carol"], "nurse", now=0, facility_id=bincard.cast.facilities["A"]
        )
    assert {row["facility"] for row in items(bincard, "carol", "cards")} == {"C"}
    by_session = bincard.browser("carol").get("/api/v1/cards").json()["items"]
    assert {row["facility"] for row in by_session} == {"A", "C"}


def test_times_are_iso_with_milliseconds(bincard: Bincard) -> None:
    with bincard.db.reading() as session:
        made = session.get_one(User, bincard.cast.users["bob"]).created_at
    row = next(row for row in items(bincard, "ada", "users") if row["name"] == "bob")
    assert row["created_at"] == to_iso(made)
