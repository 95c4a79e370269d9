"""Importing products with identifiers and programs, and policies."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import select

from backend.db import Database
from backend.integrations.imports.outcome import Outcome
from backend.models import Approval, Policy, Product, ProductIdentifier, Program

Importer = Callable[..., Outcome]

HEADERS = "code,name,dispensing_unit,pack_size,category,programs,gtin,atc,unspsc,controlled,cold_chain\n"
POLICY_HEADERS = "facility_type,program,minimum_months,maximum_months,emergency_months\n"
FACILITIES = "code,name,type,zone_path\nA,Alpha,Clinic,South\n"


def test_products_are_taken_with_identifiers_and_programs(
    database: Database, importing_both: Importer
) -> None:
    outcome = importing_both(
        "products",
        HEADERS
        + "P1,Amoxicillin,capsule,100,Antibiotics,EM;MCH,6291041500213,J01CA04,51101511,no,no\n"
        + "P2,,,,,em,,,,yes,1\n",
    )
    assert (outcome.added, outcome.refusals) == (2, [])
    with database.reading() as session:
        first, second = session.exec(select(Product).order_by(Product.code)).all()
        assert (first.name, first.dispensing_unit, first.pack_size) == ("Amoxicillin", "capsule", 100)
        assert (second.name, second.dispensing_unit, second.pack_size) == ("P2", "unit", 1)
        assert (first.controlled, first.cold_chain) == (False, False)
        assert (second.controlled, second.cold_chain) == (True, True)
        identifiers = session.exec(select(ProductIdentifier.system, ProductIdentifier.value)).all()
        assert sorted(tuple(one) for one in identifiers) == [
            ("atc", "J01CA04"),
            ("gtin", "06291041500213"),
            ("unspsc", "51101511"),
        ]
        assert sorted(session.exec(select(Program.code)).all()) == ["EM", "MCH"]
        assert len(session.exec(select(Approval)).all()) == 3


def test_the_same_products_again_change_nothing(importing: Importer) -> None:
    content = HEADERS + "P1,Amoxicillin,capsule,100,,EM,6291041500213|0036000291452,J01CA04,,no,no\n"
    importing("products", content)
    assert importing("products", content).summary().endswith("1 unchanged, 0 refused, nothing to change")
    changed = importing("products", content.replace("J01CA04", "J01CA99"))
    assert (changed.changed, changed.unchanged) == (1, 0)


def test_the_program_of_the_command_is_added_to_every_row(
    sqlite_database: Database, importing: Importer
) -> None:
    importing("products", "code\nP1\nP2\n", program="FP")
    with sqlite_database.reading() as session:
        assert session.exec(select(Program.code)).all() == ["FP"]
        assert len(session.exec(select(Approval).where(Approval.facility_type_id == None)).all()) == 2  # noqa: E711


def test_bad_products_are_refused(importing: Importer) -> None:
    outcome = importing(
        "products",
        HEADERS
        + "P1,,,0,,,,,,,\n"
        + "P2,,,,,,6291041500214,,,,\n"
        + "P3,,,,,,,,,sometimes,\n"
        + f"P4,{'n' * 401},,,,,,,,,\n"
        + "P5,,,,,,,,,,\n",
    )
    assert outcome.added == 1
    assert [str(one) for one in outcome.refusals] == [
        "line 2, column pack_size: is 0; it cannot be below 1",
        "line 3, column gtin: '6291041500214': the check digit of the GTIN is wrong",
        "line 4, column controlled: is 'sometimes'; write true or false, yes or no, 1 or 0",
        "line 5, column name: has 401 characters; at most 400 can be kept",
    ]


def test_policies_are_kept_in_hundredths_and_a_blank_program_means_all(
    sqlite_database: Database, importing: Importer
) -> None:
    importing("facilities", FACILITIES)
    importing("products", "code,programs\nP1,FP\n")
    content = POLICY_HEADERS + "clinic,,1,3,0.5\nClinic,fp,1.25,4,0.25\n"
    assert importing("policies", content).added == 2
    assert importing("policies", content).unchanged == 2
    assert importing("policies", content.replace("0.5", "0.75")).changed == 1
    with sqlite_database.reading() as session:
        rows = session.exec(select(Policy).order_by(Policy.minimum_month_hundredths)).all()
        assert [
            (row.minimum_month_hundredths, row.maximum_month_hundredths, row.emergency_month_hundredths)
            for row in rows
        ] == [(100, 300, 75), (125, 400, 25)]
        assert [row.program_id is None for row in rows] == [True, False]


def test_bad_policies_are_refused(importing: Importer) -> None:
    importing("facilities", FACILITIES)
    outcome = importing(
        "policies",
        POLICY_HEADERS
        + "Clinic,,3,1,0.5\n"
        + "Hospital,,1,3,0.5\n"
        + "Clinic,NONE,1,3,0.5\n"
        + "Clinic,,1,3,x\n"
        + "Clinic,,1,3,0.5\n"
        + "clinic,,1,2,0.5\n",
    )
    assert outcome.added == 1
    assert [str(one) for one in outcome.refusals] == [
        "line 2, column maximum_months: is below the minimum",
        "line 3, column facility_type: there is no facility type 'Hospital' (--create-missing makes it)",
        "line 4, column program: there is no program 'NONE' (--create-missing makes it)",
        "line 5, column emergency_months: is not a number of months: 'x'",
        "line 7, column facility_type: 'clinic / all programs' is repeated: line 6 has it already",
    ]


def test_policies_make_what_is_missing_when_asked(sqlite_database: Database, importing: Importer) -> None:
    outcome = importing("policies", POLICY_HEADERS + "Hospital,EM,1,3,0.5\n", create_missing=True)
    assert (outcome.added, outcome.refusals) == (1, [])
