"""Import period reports of facilities: each row becomes one operation in the ledger (services.period_reports).

Rows are judged one by one and entered facility by facility, in the order of their ids as push does, so that
the two cannot wait for each other in a circle. Of several rows for the same facility, product and
month the last one is what stands, so that importing the file again changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.domain.period_reports import Figures
from backend.domain.periods import format_period, last_day, period_of
from backend.integrations.imports import cells
from backend.integrations.imports.job import Job, Kind, Line, parsed
from backend.integrations.imports.outcome import Outcome, RefusedCell
from backend.models import Facility
from backend.services.catalogue import Catalogue
from backend.services.changes import Numbers
from backend.services.period_reports import Desk, Place, enter, recorded_by_devices, stored_reports
from backend.services.places import Places, facilities_by_code, save_facility
from backend.services.reasons import reason_ids
from backend.services.time_zones import time_zone_of

UNSPECIFIED = "Unspecified"
YEAR_MIN = 1990
YEAR_MAX = 2200


@dataclass(frozen=True, slots=True)
class _Report:
    facility: str
    product: str
    period: int
    figures: Figures


def take(job: Job, lines: Sequence[Line], outcome: Outcome) -> None:
    """Enter the reports."""
    facilities, catalogue = facilities_by_code(job.session), Catalogue(job.session)
    by_facility: dict[str, list[tuple[Line, _Report]]] = defaultdict(list)
    for line, report in parsed(lines, _parse, outcome):
        by_facility[report.facility].append((line, report))
    reasons, done = reason_ids(job.session), 0
    places = _places(job, facilities, by_facility, outcome)
    for facility in sorted(places, key=lambda one: one.id or 0):
        rows = by_facility[facility.code]
        _enter(job, facility, _with_products(job, catalogue, rows, outcome), catalogue, reasons, outcome)
        done += len(rows)
        job.progress(done, len(lines))


def _places(
    job: Job,
    facilities: dict[str, Facility],
    by_facility: Mapping[str, Sequence[tuple[Line, _Report]]],
    outcome: Outcome,
) -> list[Facility]:
    """The facilities that the rows name; the rows of those that are not there, nor made, are refused."""
    found = []
    for code, rows in by_facility.items():
        if code not in facilities and job.create_missing:
            _make_facility(job, facilities, code)
            outcome.notes["facilities made"] += 1
        if code in facilities:
            found.append(facilities[code])
        else:
            for line, _report in rows:
                why = f"there is no facility {code!r} (--create-missing makes it)"
                outcome.refuse(line.number, "facility", why)
    return found


def _parse(line: Line) -> _Report:
    facility = cells.code("facility", line.get("facility"))
    product = cells.code("product", line.get("product"))
    year = cells.whole("year", line.get("year"), low=YEAR_MIN, high=YEAR_MAX)
    month = cells.whole("month", line.get("month"), low=1, high=12)
    period = year * 100 + month
    figures = Figures(
        opening=cells.whole("opening", line.get("opening")),
        received=cells.whole("received", line.get("received")),
        dispensed=cells.whole("dispensed", line.get("dispensed")),
        adjustment=cells.whole("adjustment", line.get("adjustment"), low=-cells.QUANTITY_MAX),
        closing=cells.whole("closing", line.get("closing")),
        stockout_days=cells.whole(
            "stockout_days", line.get("stockout_days"), high=last_day(period).day, blank=0
        ),
    )
    return _Report(facility, product, period, figures)


def _with_products(
    job: Job, catalogue: Catalogue, rows: Sequence[tuple[Line, _Report]], outcome: Outcome
) -> list[tuple[Line, _Report]]:
    """The rows whose product is known, or is made."""
    found = []
    for line, report in rows:
        if report.product not in catalogue.products and job.create_missing:
            _make_product(job, catalogue, report.product)
            outcome.notes["products made"] += 1
        if report.product in catalogue.products:
            found.append((line, report))
        else:
            why = f"there is no product {report.product!r} (--create-missing makes it)"
            outcome.refuse(line.number, "product", why)
    return found


def _enter(
    job: Job,
    facility: Facility,
    rows: Sequence[tuple[Line, _Report]],
    catalogue: Catalogue,
    reasons: dict[str, int],
    outcome: Outcome,
) -> None:
    facility_id = facility.id or 0
    # Locked before it is read: on PostgreSQL a push must not record into a month that is being reported.
    Numbers(job.session.connection(), facility_id)
    time_zone = time_zone_of(job.session, facility_id, job.settings.time_zone)
    ids = {report.product: catalogue.products[report.product].id or 0 for _line, report in rows}
    stored = stored_reports(job.session, facility_id)
    by_devices = recorded_by_devices(job.session, facility_id, sorted(ids.values()), time_zone)
    present = period_of(job.now, time_zone)
    incoming: dict[Place, Figures] = {}
    for line, report in rows:
        place = (ids[report.product], report.period)
        known = stored.get(place)
        try:
            if known is None or known[0] != report.figures:
                _judge(report, present, recorded=place in by_devices)
        except RefusedCell as refused:
            outcome.refuse(line.number, refused.column, refused.why)
            continue
        outcome.notes["superseded by a later row of the file"] += place in incoming
        incoming[place] = report.figures
    desk = Desk(
        facility_id,
        facility.code,
        time_zone,
        {id_: code for code, id_ in ids.items()},
        reasons,
        job.author,
        job.now,
    )
    entered = enter(job.session, desk, incoming, stored)
    outcome.added += entered.added
    outcome.changed += entered.changed
    outcome.unchanged += entered.unchanged
    outcome.notes["computer-generated adjustments"] += entered.computer_generated
    outcome.notes["neighbouring months decided anew"] += entered.neighbours


def _judge(report: _Report, present: int, *, recorded: bool) -> None:
    month = format_period(report.period)
    if report.period > present:
        raise RefusedCell("month", f"{month} is in the future")
    if report.period == present:
        raise RefusedCell("month", f"{month} is not over yet")
    if recorded:
        raise RefusedCell("month", f"devices recorded facts on {report.product} in {month}; they stand")


def _make_facility(job: Job, facilities: dict[str, Facility], code: str) -> None:
    places = Places(job.session)
    values = {"type_id": places.type(UNSPECIFIED), "zone_id": places.zone(UNSPECIFIED)}
    save_facility(job.session, facilities, code, values)
    job.session.flush()


def _make_product(job: Job, catalogue: Catalogue, code: str) -> None:
    catalogue.save_product(code, {})
    job.session.flush()
    product_id = catalogue.products[code].id
    assert product_id is not None
    if job.program:
        catalogue.approve(catalogue.program(job.program), product_id)


KIND = Kind(
    "reports",
    required=(
        "facility",
        "product",
        "year",
        "month",
        "opening",
        "received",
        "dispensed",
        "adjustment",
        "closing",
    ),
    optional=("stockout_days",),
    take=take,
)
