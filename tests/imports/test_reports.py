"""Importing period reports: the ledger that comes of them, in any order, repeated and changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from backend.clock import from_iso, to_iso
from backend.db import Database
from backend.ids import uuid7
from backend.integrations.imports.outcome import Outcome
from backend.models import Card, Facility, Fact, Operation, PeriodReport, Product, Reason, Reversal, User
from backend.services import devices, ledger, people
from backend.services.ledger import Entry, Posting
from backend.services.rebuild import rebuild
from backend.settings import Settings
from tests.imports.conftest import NOW, importer

Importer = Callable[..., Outcome]

HEADERS = "facility,product,year,month,opening,received,dispensed,adjustment,closing,stockout_days\n"


def furnish(importing: Importer) -> None:
    """Two facilities and two products."""
    importing("facilities", "code,name,type,zone_path\nA,Alpha,Clinic,North\nB,Beta,Clinic,North\n")
    importing("products", "code\nP\nQ\n")


def facts(session: Session) -> list[tuple[str, int, int, str, int, str | None, int]]:
    """Standing facts in the fold's order: when, line, place, flow, quantity, reason, booked in."""
    gone = set(session.exec(select(Reversal.operation_id)).all())
    reasons = dict(session.exec(select(Reason.id, Reason.code)).all())
    rows = session.exec(
        select(Fact).order_by(Fact.facility_id, Fact.card, Fact.effective_at, Fact.line)
    ).all()
    return [
        (
            to_iso(row.effective_at),
            row.line,
            row.card,
            row.flow,
            row.quantity,
            reasons.get(row.reason_id),
            row.booked_in,
        )
        for row in rows
        if row.operation_id not in gone
    ]


def cards(session: Session) -> dict[tuple[int, int], int]:
    """Stock on hand by facility and product."""
    rows = session.exec(select(Card.facility_id, Card.product_id, Card.on_hand)).all()
    return {(facility, product): on_hand for facility, product, on_hand in rows}


def test_a_row_becomes_facts_at_the_edges_of_its_month(database: Database, importing_both: Importer) -> None:
    furnish(importing_both)
    outcome = importing_both(
        "reports",
        HEADERS + "A,P,2019,1,10,5,3,-2,10,0\nA,P,2019,2,12,0,4,3,11,2\nA,P,2019,4,7,0,2,0,9,0\n",
    )
    assert outcome.summary() == (
        "reports: 3 rows, 3 added, 0 changed, 0 unchanged, 0 refused, 2 computer-generated adjustments"
    )
    with database.reading() as session:
        assert facts(session) == [
            ("2019-01-01T00:00:00.000Z", 0, 1, "counted", 10, None, 201901),
            ("2019-01-31T23:59:59.000Z", 1, 1, "received", 5, None, 201901),
            ("2019-01-31T23:59:59.002Z", 3, 1, "dispensed", -3, None, 201901),
            ("2019-01-31T23:59:59.003Z", 4, 1, "adjusted", -2, "reported_adjustment_debit", 201901),
            ("2019-02-01T00:00:00.000Z", 0, 1, "adjusted", 2, "computer_generated_credit", 201902),
            ("2019-02-28T23:59:59.001Z", 2, 1, "adjusted", 3, "reported_adjustment_credit", 201902),
            ("2019-02-28T23:59:59.002Z", 3, 1, "dispensed", -4, None, 201902),
            ("2019-04-01T00:00:00.000Z", 0, 1, "counted", 7, None, 201904),
            ("2019-04-30T23:59:59.002Z", 3, 1, "dispensed", -2, None, 201904),
            ("2019-04-30T23:59:59.004Z", 5, 1, "adjusted", 4, "computer_generated_credit", 201904),
        ]
        assert list(cards(session).values()) == [9]
        assert rebuild(session, check=True, now=NOW, time_zone="UTC") == []


def test_a_report_is_one_operation_with_its_content(sqlite_database: Database, importing: Importer) -> None:
    furnish(importing)
    importing("reports", HEADERS + "A,P,2019,1,10,0,3,0,7,1\n", author="dan")
    with sqlite_database.reading() as session:
        (operation,) = session.exec(select(Operation)).all()
        assert (operation.kind, operation.author, operation.device_id) == ("report.period", "dan", None)
        assert (operation.outcome, operation.received_at) == ("applied", NOW)
        assert json.loads(operation.content) == {
            "facility": "A",
            "product": "P",
            "year": 2019,
            "month": 1,
            "opening": 10,
            "received": 0,
            "dispensed": 3,
            "adjustment": 0,
            "closing": 7,
            "stockout_days": 1,
        }


def test_months_are_cut_in_the_facilitys_time(sqlite_database: Database, tmp_path: Path) -> None:
    importing = importer(sqlite_database, tmp_path, Settings(time_zone="Africa/Blantyre"))
    furnish(importing)
    importing("reports", HEADERS + "A,P,2019,1,10,0,3,0,7,0\n")
    with sqlite_database.reading() as session:
        assert [fact[0] for fact in facts(session)] == [
            "2018-12-31T22:00:00.000Z",
            "2019-01-31T21:59:59.002Z",
        ]
        assert {fact[6] for fact in facts(session)} == {201901}


def test_a_repeated_file_changes_nothing(sqlite_database: Database, importing: Importer) -> None:
    furnish(importing)
    content = HEADERS + "A,P,2019,1,10,5,3,0,12,0\nA,P,2019,2,12,0,4,0,8,0\nB,Q,2019,2,0,0,0,0,0,0\n"
    importing("reports", content)
    with sqlite_database.reading() as session:
        before = session.connection().execute(text("SELECT * FROM card")).all()
    assert importing("reports", content).summary().endswith("3 unchanged, 0 refused, nothing to change")
    with sqlite_database.reading() as session:
        assert session.connection().execute(text("SELECT * FROM card")).all() == before
        assert len(session.exec(select(Operation)).all()) == 3


def test_a_changed_row_is_reversed_and_posted_anew(database: Database, importing_both: Importer) -> None:
    furnish(importing_both)
    first = HEADERS + "A,P,2019,1,10,0,3,0,7,0\nA,P,2019,2,7,0,2,0,5,0\n"
    importing_both("reports", first)
    outcome = importing_both("reports", first.replace("10,0,3,0,7,0", "10,0,4,0,6,0"))
    assert (outcome.added, outcome.changed, outcome.unchanged) == (0, 1, 1)
    assert outcome.notes["neighbouring months decided anew"] == 1
    assert outcome.notes["computer-generated adjustments"] == 1
    with database.reading() as session:
        assert [fact[3:5] for fact in facts(session)] == [
            ("counted", 10),
            ("dispensed", -4),
            ("adjusted", 1),
            ("dispensed", -2),
        ]
        assert list(cards(session).values()) == [5]
        assert len(session.exec(select(Operation)).all()) == 4
        assert rebuild(session, check=True, now=NOW, time_zone="UTC") == []


def test_a_row_may_go_back_to_what_it_was(sqlite_database: Database, importing: Importer) -> None:
    furnish(importing)
    original, other = HEADERS + "A,P,2019,1,10,0,3,0,7,0\n", HEADERS + "A,P,2019,1,10,0,3,1,8,0\n"
    for content in (original, other, original, other, original):
        importing("reports", content)
    with sqlite_database.reading() as session:
        assert list(cards(session).values()) == [7]
        assert len(session.exec(select(Operation)).all()) == 5
        assert len(session.exec(select(Reversal)).all()) == 4


def test_the_last_of_several_rows_for_a_month_stands(sqlite_database: Database, importing: Importer) -> None:
    furnish(importing)
    content = HEADERS + "A,P,2019,1,10,0,3,0,7,0\nA,P,2019,1,10,0,4,0,6,0\n"
    outcome = importing("reports", content)
    assert (outcome.added, outcome.notes["superseded by a later row of the file"]) == (1, 1)
    assert importing("reports", content).notes["superseded by a later row of the file"] == 1
    with sqlite_database.reading() as session:
        assert list(cards(session).values()) == [6]
        assert len(session.exec(select(Operation)).all()) == 1


def test_bad_reports_are_refused_and_the_rest_taken(importing: Importer) -> None:
    furnish(importing)
    outcome = importing(
        "reports",
        HEADERS
        + "X,P,2019,1,0,0,0,0,0,0\n"
        + "A,Y,2019,1,0,0,0,0,0,0\n"
        + "A,P,2019,13,0,0,0,0,0,0\n"
        + "A,P,2019,1,-1,0,0,0,0,0\n"
        + "A,P,2019,1,0,0,0,0,-5,0\n"
        + "A,P,2019,2,0,0,0,0,0,29\n"
        + "A,P,2019,6,0,0,0,0,0,0\n"
        + "A,P,2020,1,0,0,0,0,0,0\n"
        + "A,P,2019,3,0,,0,0,0,0\n"
        + "A,P,2019,4,5.0,0,0,,5,\n",
    )
    # A blank adjustment is refused as well: nothing is taken for granted that the paper does not say.
    assert outcome.added == 0
    assert [str(one) for one in outcome.refusals] == [
        "line 2, column facility: there is no facility 'X' (--create-missing makes it)",
        "line 3, column product: there is no product 'Y' (--create-missing makes it)",
        "line 4, column month: is 13; it cannot be above 12",
        "line 5, column opening: is -1; it cannot be below 0",
        "line 6, column closing: is -5; it cannot be below 0",
        "line 7, column stockout_days: is 29; it cannot be above 28",
        "line 8, column month: 2019-06 is not over yet",
        "line 9, column month: 2020-01 is in the future",
        "line 10, column received: is blank",
        "line 11, column adjustment: is blank",
    ]


def test_what_is_missing_is_made_when_asked(sqlite_database: Database, importing: Importer) -> None:
    outcome = importing("reports", HEADERS + "X,Y,2019,1,4,0,0,0,4,0\n", create_missing=True, program="FP")
    assert (outcome.added, outcome.notes["facilities made"], outcome.notes["products made"]) == (1, 1, 1)
    with sqlite_database.reading() as session:
        assert [tuple(one) for one in session.exec(select(Facility.code, Facility.name)).all()] == [
            ("X", "X")
        ]
        assert [tuple(one) for one in session.exec(select(Product.code, Product.name)).all()] == [("Y", "Y")]
        assert list(cards(session).values()) == [4]


def record_by_device(database: Database, at: int) -> None:
    """A device dispensed 2 of P at A at that moment."""
    with database.writing() as session:
        user_id = people.add_user(session, name="ama", password=None, now=0)
        facility_id = session.exec(select(Facility.id).where(Facility.code == "A")).one() or 0
        product_id = session.exec(select(Product.id).where(Product.code == "P")).one() or 0
        device_id, _token = devices.enrol(
            session,
            Settings(secret_key="k"),
            user_id=user_id,
            facility_id=facility_id,
            name="t",
            now=0,
            ids=uuid7,
        )
        operation_id = uuid7(at)
        entry = Entry(product_id, "L1", None, "", "", at, "dispensed", -2, None, 0)
        ledger.post(session, facility_id, [Posting(operation_id, [entry])], now=at, time_zone="UTC")
        content = (b"{}", "stock.dispense", "ama", device_id, 1, at, at, at, "applied", "", 0, 0, False)
        ledger.record(session, [(facility_id, operation_id, 0, "0" * 64, *content)])


def test_a_month_in_which_devices_recorded_is_refused(database: Database, importing_both: Importer) -> None:
    furnish(importing_both)
    record_by_device(database, from_iso("2019-02-10T09:00:00Z"))
    content = HEADERS + "A,P,2019,1,9,0,1,0,8,0\nA,P,2019,2,8,0,1,0,7,0\nA,Q,2019,2,8,0,1,0,7,0\n"
    outcome = importing_both("reports", content)
    assert [str(one) for one in outcome.refusals] == [
        "line 3, column month: devices recorded facts on P in 2019-02; they stand"
    ]
    assert outcome.added == 2


def test_what_was_imported_before_a_device_recorded_may_be_repeated_but_not_changed(
    sqlite_database: Database, importing: Importer
) -> None:
    furnish(importing)
    content = HEADERS + "A,P,2019,2,8,0,1,0,7,0\n"
    importing("reports", content)
    record_by_device(sqlite_database, from_iso("2019-02-10T09:00:00Z"))
    assert importing("reports", content).unchanged == 1
    assert len(importing("reports", content.replace("8,0,1,0,7,0", "8,0,2,0,6,0")).refusals) == 1


def test_with_all_or_nothing_no_good_report_is_taken_beside_a_bad_one(
    sqlite_database: Database, importing: Importer
) -> None:
    furnish(importing)
    importing("reports", HEADERS + "A,P,2019,1,4,0,0,0,4,0\nA,P,2019,13,4,0,0,0,4,0\n", all_or_nothing=True)
    with sqlite_database.reading() as session:
        assert session.exec(select(Operation)).all() == []
        assert session.exec(select(PeriodReport)).all() == []
        assert session.exec(select(User)).all() == []


numbers = st.integers(0, 50)
rows_of_a_product = st.dictionaries(
    st.integers(1, 5),
    st.tuples(numbers, numbers, numbers, st.integers(-50, 50), numbers),
    min_size=1,
    max_size=5,
)


@pytest.fixture(scope="module")
def furnished_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with facilities and products; copied by each example."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copyfile(sqlite_template, folder / "db.sqlite")
    database = Database(f"sqlite:///{folder / 'db.sqlite'}")
    furnish(importer(database, folder))
    database.close()
    return folder / "db.sqlite"


@given(data=st.data(), months=rows_of_a_product)
@settings(max_examples=10, deadline=None)
def test_any_order_of_files_leaves_the_same_cards_and_facts(
    furnished_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    months: dict[int, tuple[int, ...]],
) -> None:
    lines = [f"A,P,2019,{month},{','.join(map(str, row))},0\n" for month, row in months.items()]
    order = data.draw(st.permutations(lines))
    results = []
    for files in ([HEADERS + "".join(sorted(lines))], [HEADERS + line for line in order]):
        folder = tmp_path_factory.mktemp("order")
        shutil.copyfile(furnished_file, folder / "db.sqlite")
        database = Database(f"sqlite:///{folder / 'db.sqlite'}")
        importing = importer(database, folder)
        for content in files:
            importing("reports", content)
        with database.reading() as session:
            results.append((facts(session), cards(session)))
            assert rebuild(session, check=True, now=NOW, time_zone="UTC") == []
        database.close()
    assert results[0] == results[1]
    assert list(results[0][1].values()) == [months[max(months)][4]]
