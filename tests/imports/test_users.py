"""Importing users: a row says all that the person holds."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import select

from backend.db import Database
from backend.integrations.imports.outcome import Outcome
from backend.models import Assignment, User, UserProgram
from backend.services.access import access_by_name
from tests.imports.conftest import NOW

Importer = Callable[..., Outcome]

HEADERS = "name,role,facilities,zones,programs,email\n"


def furnish(importing: Importer) -> None:
    """Two facilities in two zones, and a program."""
    importing("facilities", "code,name,type,zone_path\nA,Alpha,Clinic,North/Hill\nB,Beta,Clinic,South\n")
    importing("products", "code,programs\nP1,FP\n")


def test_users_get_their_role_at_their_places(database: Database, importing_both: Importer) -> None:
    furnish(importing_both)
    outcome = importing_both(
        "users",
        HEADERS + "ama,nurse,A;B,,FP,ama@example.org\n" + "bob,Manager,,North;South,,\n" + "ada,admin,,,,\n",
    )
    assert (outcome.added, outcome.refusals) == (3, [])
    with database.reading() as session:
        access = access_by_name(session, ["ama", "bob", "ada"])
        assert len(access["ama"].facilities("stock.count", NOW) or ()) == 2
        assert len(access["ama"].programs or ()) == 1
        assert len(access["bob"].facilities("manage.view", NOW) or ()) == 2
        assert access["ada"].facilities("user.edit", NOW) is None
        emails = session.exec(select(User.name, User.email).order_by(User.name)).all()
        assert [tuple(one) for one in emails] == [("ada", ""), ("ama", "ama@example.org"), ("bob", "")]


def test_an_imported_user_cannot_sign_in_before_a_password_is_set(
    sqlite_database: Database, importing: Importer
) -> None:
    importing("users", HEADERS + "ada,admin,,,,\n")
    with sqlite_database.reading() as session:
        assert session.exec(select(User.password_hash)).all() == [""]


def test_the_same_users_again_change_nothing(importing: Importer) -> None:
    furnish(importing)
    content = HEADERS + "ama,nurse,A,,FP,ama@example.org\n"
    importing("users", content)
    assert importing("users", content).summary().endswith("1 unchanged, 0 refused, nothing to change")


def test_who_moves_keeps_the_old_place_only_in_the_past(
    sqlite_database: Database, importing: Importer
) -> None:
    furnish(importing)
    importing("users", HEADERS + "ama,nurse,A,,FP,\n")
    later = NOW + 1_000
    assert importing("users", HEADERS + "ama,nurse,B,,,\n", now=later).changed == 1
    with sqlite_database.reading() as session:
        held = session.exec(select(Assignment).order_by(Assignment.id)).all()
        assert [row.withdrawn_at for row in held] == [later, None]
        assert session.exec(select(UserProgram)).all() == []
        access = access_by_name(session, ["ama"])["ama"]
        assert access.facilities("stock.count", NOW) == {held[0].facility_id}
        assert access.facilities("stock.count", later) == {held[1].facility_id}


def test_bad_users_are_refused(importing: Importer) -> None:
    furnish(importing)
    outcome = importing(
        "users",
        HEADERS
        + "a1,doctor,A,,,\n"
        + "a2,nurse,,,,\n"
        + "a3,nurse,NOWHERE,,,\n"
        + "a4,manager,,East,,\n"
        + "a5,nurse,A,,NONE,\n"
        + "a6,nurse,A,,,not an address\n"
        + "a7,nurse,A,,,\n"
        + "A7,nurse,A,,,\n",
    )
    assert outcome.added == 1
    assert [(one.line, one.column) for one in outcome.refusals] == [
        (2, "role"),
        (3, "facilities"),
        (4, "facilities"),
        (5, "zones"),
        (6, "programs"),
        (7, "email"),
        (9, "name"),
    ]
