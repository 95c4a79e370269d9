"""Positions: what a facility manages, whose policy holds, and which months count."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from sqlmodel import Session

from backend.clock import from_iso
from backend.db import Database
from backend.domain.periods import bounds
from backend.ids import uuid7
from backend.models import PeriodReport
from backend.services import ledger
from backend.services.catalogue import Catalogue, save_policy
from backend.services.places import Places, facilities_by_code, save_facility
from backend.services.postings import Entry, Posting, Reversal
from backend.services.stock import Position, positions
from backend.settings import Settings

NOW = from_iso("2019-06-15T12:00:00Z")


@dataclass
class Land:
    """A country being made: ids by code."""

    session: Session
    facilities: dict[str, int] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places, self.catalogue = Places(self.session), Catalogue(self.session)
        self.known = facilities_by_code(self.session)

    def facility(
        self, code: str, type_name: str = "Clinic", *, zone: str = "North", active: bool = True
    ) -> None:
        """Add a facility."""
        values = {"type_id": self.places.type(type_name), "zone_id": self.places.zone(zone), "active": active}
        save_facility(self.session, self.known, code, values)
        self.session.flush()
        self.facilities[code] = self.known[code].id or 0

    def product(self, code: str, *approvals: tuple[str, str | None], pack_size: int = 1) -> None:
        """Add a product, approved by (program, facility type or None for all)."""
        self.catalogue.save_product(code, {"pack_size": pack_size})
        self.session.flush()
        self.products[code] = self.catalogue.products[code].id or 0
        for program, type_name in approvals:
            type_id = self.places.type(type_name) if type_name else None
            self.catalogue.approve(self.catalogue.program(program), self.products[code], type_id)
        self.session.flush()

    def policy(self, type_name: str, program: str | None, minimum: int, maximum: int, emergency: int) -> None:
        """Set a policy in hundredths of months."""
        save_policy(
            self.session,
            facility_type_id=self.places.type(type_name),
            program_id=self.catalogue.program(program) if program else None,
            minimum=minimum,
            maximum=maximum,
            emergency=emergency,
        )

    def move(self, facility: str, product: str, flow: str, quantity: int, period: int, lot: str = "") -> str:
        """Post one fact in the middle of a month; returns its operation."""
        start, end = bounds(period, "UTC")
        operation_id = uuid7()
        entry = Entry(self.products[product], lot, None, "", "", (start + end) // 2, flow, quantity, None, 0)
        ledger.post(
            self.session,
            self.facilities[facility],
            [Posting(operation_id, [entry])],
            now=NOW,
            time_zone="UTC",
        )
        return operation_id

    def position(self, facility: str, product: str, now: int = NOW, **options: int) -> Position:
        """The one position of a facility and product."""
        found = positions(self.session, Settings(**options), now)  # type: ignore[arg-type]
        pair = (self.facilities[facility], self.products[product])
        return next(one for one in found if (one.facility_id, one.product_id) == pair)

    def managed(self) -> set[tuple[str, str]]:
        """All (facility, product) that have a position."""
        facilities = {id_: code for code, id_ in self.facilities.items()}
        products = {id_: code for code, id_ in self.products.items()}
        found = positions(self.session, Settings(), NOW)
        return {(facilities[one.facility_id], products[one.product_id]) for one in found}


def test_a_facility_manages_what_is_approved_for_its_type_or_has_a_card(database: Database) -> None:
    with database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.facility("H", "Hospital")
        land.facility("Z", "Clinic", active=False)
        land.product("everywhere", ("EM", None))
        land.product("clinics", ("EM", "Clinic"))
        land.product("nowhere")
        land.move("H", "nowhere", "counted", 5, 201905)
        assert land.managed() == {
            ("A", "everywhere"),
            ("A", "clinics"),
            ("H", "everywhere"),
            ("H", "nowhere"),
        }


def test_a_position_is_what_the_formulas_say(database: Database) -> None:
    with database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", ("EM", None), pack_size=25)
        land.policy("Clinic", None, 100, 300, 50)
        land.move("A", "P", "counted", 1000, 201902, "L1")
        for period, used in ((201903, -90), (201904, -100), (201905, -111)):
            land.move("A", "P", "dispensed", used, period, "L1")
        land.move("A", "P", "counted", 120, 201905, "L2")
        # AMC is (90 + 100 + 111) / 3 = 100.33; on hand 699 + 120.
        land.move("A", "P", "issued", -777, 201906, "L1")
        one = land.position("A", "P")
        assert (one.on_hand, one.amc, one.months_of_stock) == (42, 100, 0.4)
        assert (one.minimum, one.maximum, one.emergency) == (100, 300, 50)
        assert (one.order, one.status, one.is_emergency) == (275, "understocked", True)


def test_only_complete_months_count(database: Database) -> None:
    with database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", ("EM", None))
        land.move("A", "P", "counted", 100, 201905)
        land.move("A", "P", "dispensed", -30, 201906)
        # May has a fact and is complete: it is reported, with nothing used. June is not over.
        assert land.position("A", "P").amc == 0
        assert land.position("A", "P", from_iso("2019-07-01T00:00:00Z")).amc == 15


def test_the_month_turns_in_the_facilitys_own_time(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        land.places.zone("East", "Asia/Tokyo")
        land.facility("E", zone="East")
        land.facility("W", zone="West")
        land.product("P", ("EM", None))
        for code in "EW":
            land.move(code, "P", "dispensed", -10, 201906)
        evening = from_iso("2019-06-30T20:00:00Z")
        assert land.position("E", "P", evening).amc == 10
        assert land.position("W", "P", evening).amc is None


def test_the_last_reported_months_count_however_long_ago(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", ("EM", None))
        for period, used in ((201512, -999), (201601, -10), (201605, -20), (201711, -60)):
            land.move("A", "P", "dispensed", used, period)
        assert land.position("A", "P").amc == 30
        assert land.position("A", "P", amc_months=1).amc == 60


def test_stockout_days_of_a_report_adjust_its_month(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", ("EM", None))
        operation_id = land.move("A", "P", "dispensed", -10, 201905)
        figures = {"opening": 10, "received": 0, "dispensed": 10, "adjustment": 0, "closing": 0}
        session.add(
            PeriodReport(
                facility_id=land.facilities["A"],
                product_id=land.products["P"],
                period=201905,
                stockout_days=15,
                operation_id=operation_id,
                **figures,
            )
        )
        session.flush()
        assert land.position("A", "P").amc == 20


def test_a_reported_month_without_movements_counts_as_nothing_used(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", ("EM", None))
        land.move("A", "P", "dispensed", -30, 201904)
        zeros = dict.fromkeys(("opening", "received", "dispensed", "adjustment", "closing"), 0)
        session.add(
            PeriodReport(
                facility_id=land.facilities["A"],
                product_id=land.products["P"],
                period=201905,
                operation_id="none",
                **zeros,
            )
        )
        session.flush()
        assert land.position("A", "P").amc == 15


def test_what_was_reversed_was_not_used(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", ("EM", None))
        land.move("A", "P", "dispensed", -30, 201905)
        wrong = land.move("A", "P", "dispensed", -300, 201905)
        ledger.post(
            session, land.facilities["A"], [], reversals=[Reversal(wrong, "r")], now=NOW, time_zone="UTC"
        )
        assert land.position("A", "P").amc == 30


@pytest.mark.parametrize(
    ("policies", "approvals", "maximum"),
    [
        # A policy of a named program beats the one for all.
        ([(None, 300), ("EM", 400)], [("EM", None)], 40),
        ([(None, 300), ("EM", 400)], [("EM", "Clinic")], 40),
        # A program without a policy of its own falls back to the one for all.
        ([(None, 300), ("FP", 400)], [("EM", None)], 30),
        # Of two programs with policies the first by code is asked.
        ([("FP", 500), ("EM", 400)], [("FP", None), ("EM", None)], 40),
        # A program that approves the product for other types speaks where none does for this one.
        ([(None, 300), ("EM", 400)], [("EM", "Hospital")], 40),
        # Without any policy nothing is known.
        ([], [("EM", None)], None),
        ([("FP", 400)], [("EM", None)], None),
    ],
)
def test_whose_policy_holds(
    sqlite_database: Database,
    policies: list[tuple[str | None, int]],
    approvals: list[tuple[str, str | None]],
    maximum: int | None,
) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        land.facility("A")
        land.product("P", *approvals)
        for program, months in policies:
            land.policy("Clinic", program, 100, months, 50)
        land.move("A", "P", "dispensed", -10, 201905)
        one = land.position("A", "P")
        assert one.maximum == maximum
        assert (one.status == "unknown") is (maximum is None)
        assert (one.order is None) is (maximum is None)


def test_positions_are_narrowed_to_what_is_asked(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        land = Land(session)
        for code in "AB":
            land.facility(code)
        for code in "PQ":
            land.product(code, ("EM", None))
            for facility in "AB":
                land.move(facility, code, "counted", 7, 201905)
        found = positions(
            session,
            Settings(),
            NOW,
            facility_ids=[land.facilities["B"]],
            product_ids=[land.products["Q"]],
        )
        assert [(one.facility_id, one.product_id, one.on_hand) for one in found] == [
            (land.facilities["B"], land.products["Q"], 7)
        ]
