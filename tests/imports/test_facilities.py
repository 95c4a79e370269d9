"""Importing facilities: zones and types made as named, suppliers in any order, each bad row told and left out."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text
from sqlmodel import select

from backend.db import Database
from backend.integrations.imports.outcome import Outcome
from backend.models import Facility, FacilityType, Zone
from backend.services.access import zone_tree

Importer = Callable[..., Outcome]

HEADERS = "code,name,type,zone_path,operator,supplied_by,latitude,longitude,active\n"


def refusals(outcome: Outcome) -> list[str]:
    """Refused rows as they are printed."""
    return [str(one) for one in outcome.refusals]


def facility(database: Database, code: str) -> Facility:
    """The stored facility."""
    with database.reading() as session:
        row = session.exec(select(Facility).where(Facility.code == code)).one()
        session.expunge(row)
        return row


def test_facilities_are_taken_with_their_zones_and_types(
    database: Database, importing_both: Importer
) -> None:
    outcome = importing_both(
        "facilities",
        HEADERS
        + "A,Alpha,Clinic,South/Blantyre,Government,W,-9.70176,33.27335,yes\n"
        + "W,Store,Warehouse,South,,,,,\n"
        + "B,,clinic,south/blantyre,NGO,W,,,no\n",
    )
    assert outcome.summary() == "facilities: 3 rows, 3 added, 0 changed, 0 unchanged, 0 refused"
    alpha, store, beta = (facility(database, code) for code in "AWB")
    assert (alpha.name, alpha.operator, alpha.active) == ("Alpha", "Government", True)
    assert (alpha.latitude_microdegrees, alpha.longitude_microdegrees) == (-9_701_760, 33_273_350)
    assert (beta.name, beta.active, beta.latitude_microdegrees) == ("B", False, None)
    assert alpha.supplied_by_id == beta.supplied_by_id == store.id
    assert alpha.zone_id == beta.zone_id
    with database.reading() as session:
        tree = zone_tree(session)
        assert tree.path(alpha.zone_id) == "South/Blantyre"
        assert tree.path(store.zone_id) == "South"
        levels = session.exec(select(Zone.name, Zone.level).order_by(Zone.name)).all()
        assert [tuple(one) for one in levels] == [("Blantyre", 2), ("South", 1)]
        assert sorted(session.exec(select(FacilityType.name)).all()) == ["Clinic", "Warehouse"]


def test_the_same_file_again_changes_nothing_and_says_so(
    sqlite_database: Database, importing: Importer
) -> None:
    content = HEADERS + "A,Alpha,Clinic,South,,W,1,2,yes\nW,Store,Warehouse,South,,,,,\n"
    importing("facilities", content)
    with sqlite_database.reading() as session:
        before = session.connection().execute(text("SELECT * FROM facility ORDER BY id")).all()
    outcome = importing("facilities", content)
    assert outcome.summary().endswith("0 added, 0 changed, 2 unchanged, 0 refused, nothing to change")
    with sqlite_database.reading() as session:
        # Not even the change number moves, so that no tablet pulls what it has.
        assert session.connection().execute(text("SELECT * FROM facility ORDER BY id")).all() == before


def test_a_changed_row_changes_only_what_the_file_has(sqlite_database: Database, importing: Importer) -> None:
    importing("facilities", HEADERS + "A,Alpha,Clinic,South,Government,,1,2,yes\n")
    outcome = importing("facilities", "code,name,type,zone_path\nA,Alpha Renamed,Clinic,North\n")
    assert (outcome.added, outcome.changed) == (0, 1)
    alpha = facility(sqlite_database, "A")
    assert (alpha.name, alpha.operator, alpha.latitude_microdegrees) == (
        "Alpha Renamed",
        "Government",
        1_000_000,
    )


def test_bad_rows_are_refused_one_by_one_and_the_rest_taken(importing: Importer) -> None:
    outcome = importing(
        "facilities",
        HEADERS
        + "A,Alpha,Clinic,South,,,,,\n"
        + ",Nameless,Clinic,South,,,,,\n"
        + "A,Again,Clinic,South,,,,,\n"
        + "B,Beta,,South,,,,,\n"
        + "C,Gamma,Clinic,,,,,,\n"
        + "D,Delta,Clinic,South,,,91,0,\n"
        + "E,Epsilon,Clinic,South,,,1,,\n"
        + "F,Phi,Clinic,South,,,,,perhaps\n"
        + "G,Gimel,Clinic,South//West,,,,,\n"
        + ",,,,,,,,\n"
        + "H,Eta,Clinic,South,,,,,,,too many\n"
        + "I,Iota,Clinic,South,,,,,\n",
    )
    assert (outcome.rows, outcome.added) == (12, 2)
    assert refusals(outcome) == [
        "line 3, column code: is blank",
        "line 4, column code: 'A' is repeated: line 2 has it already",
        "line 5, column type: is blank",
        "line 6, column zone_path: is blank",
        "line 7, column latitude: is 91; it must be between -90 and 90 degrees",
        "line 8, column longitude: is blank while the other coordinate is given",
        "line 9, column active: is 'perhaps'; write true or false, yes or no, 1 or 0",
        "line 10, column zone_path: A zone path is 1 to 10 names joined by '/', such as South/Blantyre; "
        "this one is 'South//West'.",
        "line 11, column code: is blank, like the whole row",
        "line 12, column row: has 11 cells under 9 headers",
    ]


def test_a_supplier_that_is_not_there_or_was_refused_refuses_the_row(importing: Importer) -> None:
    outcome = importing(
        "facilities",
        HEADERS
        + "A,,Clinic,South,,NOWHERE,,,\n"
        + "B,,Clinic,South,,A,,,\n"
        + "C,,Clinic,South,,D,,,\n"
        + "D,,Clinic,South,,C,,,\n"
        + "E,,Clinic,South,,E,,,\n"
        + "F,,Clinic,South,,,,,\n",
    )
    assert outcome.added == 1
    assert refusals(outcome) == [
        "line 2, column supplied_by: there is no facility 'NOWHERE', or its row was refused",
        "line 3, column supplied_by: there is no facility 'A', or its row was refused",
        "line 4, column supplied_by: the facilities would supply each other in a circle",
        "line 5, column supplied_by: the facilities would supply each other in a circle",
        "line 6, column supplied_by: the facilities would supply each other in a circle",
    ]


def test_all_or_nothing_writes_nothing_when_a_row_is_refused(
    sqlite_database: Database, importing: Importer
) -> None:
    content = HEADERS + "A,,Clinic,South,,,,,\n,,Clinic,South,,,,,\n"
    assert len(importing("facilities", content, all_or_nothing=True).refusals) == 1
    with sqlite_database.reading() as session:
        assert session.exec(select(Facility)).all() == []
        assert session.exec(select(Zone)).all() == []


def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    sqlite_database: Database, importing: Importer
) -> None:
    assert importing("facilities", HEADERS + "A,,Clinic,South,,,,,\n", dry_run=True).added == 1
    with sqlite_database.reading() as session:
        assert session.exec(select(Facility)).all() == []
