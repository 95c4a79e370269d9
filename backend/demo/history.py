"""Eighteen months of a supply chain, simulated: what each facility's people would have recorded, in order.

The central store buys lots, warehouses order up to their maximum when they run low, facilities likewise,
and use what patients need. Some medicines run short at the source, some facilities stop ordering, some use
less than they did, so that the managers' pages have something to show. The same seed and first month
give the same history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from backend.demo.country import KEEPS, POLICIES, USE_PERCENT, Place
from backend.demo.medicines import Medicine
from backend.demo.shelves import HeldLot, Shelf
from backend.domain.periods import first_day, last_day, shifted

LINES_A_TIME = 150
SHORT_FROM = 6
"""The central store gets nothing more of what runs short in so many last months."""

Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a facility recorded: on a day, at an hour, an operation kind with its body."""

    day: date
    hour: int
    kind: str
    body: dict[str, object]


@dataclass(slots=True)
class Habit:
    """How one facility and medicine behave."""

    use: int
    stops_ordering: int
    slumps: int


@dataclass(slots=True)
class Simulation:
    """The state of all shelves, and what was recorded so far by facility."""

    places: Sequence[Place]
    medicines: Sequence[Medicine]
    first_period: int
    months: int
    random: Random
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    shelves: dict[tuple[str, str], Shelf] = field(default_factory=lambda: defaultdict(Shelf))
    habits: dict[tuple[str, str], Habit] = field(default_factory=dict)
    lots_made: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def run(self) -> dict[str, list[Event]]:
        """Simulate all months; events by facility code, in the order of their times."""
        self._set_habits()
        self._set_out()
        for month in range(self.months):
            self._month(month, shifted(self.first_period, month))
        for events in self.events.values():
            events.sort(key=lambda event: (event.day, event.hour))
        return dict(self.events)

    def kept(self, place: Place) -> list[Medicine]:
        """What the facility's type is approved for."""
        return [medicine for medicine in self.medicines if medicine.tier in KEEPS[place.type]]

    def _set_habits(self) -> None:
        short = set(self.random.sample([one.code for one in self.medicines], 4))
        for place in reversed(self.places):
            for medicine in self.kept(place):
                use = medicine.monthly_use * USE_PERCENT.get(place.type, 0) * self.random.randint(60, 150)
                stops = (
                    self.months - self.random.randint(2, 5) if self.random.random() < 0.07 else self.months
                )
                slumps = self.months - 4 if self.random.random() < 0.05 else self.months
                if place.is_warehouse:
                    below = [one.code for one in self.places if one.supplied_by == place.code]
                    habits = [self.habits.get((code, medicine.code)) for code in below]
                    use = sum(habit.use for habit in habits if habit) * 10_000
                    stops = slumps = self.months
                    if not place.supplied_by and medicine.code in short:
                        stops = self.months - SHORT_FROM
                self.habits[place.code, medicine.code] = Habit(max(1, use // 10_000), stops, slumps)

    def _set_out(self) -> None:
        """Every shelf has between a little and a lot on the first morning; the opening count says so."""
        day = first_day(self.first_period)
        for place in self.places:
            lines: list[Line] = []
            for medicine in self.kept(place):
                number, expiry = self._lot(medicine, day)
                stock = self._levels(place, medicine)[0] * self.random.randint(60, 180) // 100
                if stock:
                    self.shelves[place.code, medicine.code].put(number, expiry, stock)
                    lot = {"number": number, "expiry": expiry.isoformat()}
                    lines.append({"product": medicine.code, "lot": lot, "counted": stock})
            self._record(place, day, 7, "stock.count", lines, session="opening")

    def _month(self, month: int, period: int) -> None:
        start, end = first_day(period), last_day(period)
        for place in self.places:
            if place.supplied_by:
                supplier = next(one for one in self.places if one.code == place.supplied_by)
                self._supply(month, supplier, place, start + timedelta(3 if place.is_warehouse else 7))
            else:
                self._buy(month, place, start + timedelta(1))
        for place in self.places:
            if not place.is_warehouse:
                # The latest months are told week by week, the older ones in one sum.
                weeks = 4 if month >= self.months - 2 else 1
                for week in range(weeks):
                    self._dispense(month, place, start + timedelta(12 + 4 * week), weeks)
            self._discard(place, end)
            if month % 3 == 2:
                self._count(place, end)

    def _buy(self, month: int, place: Place, day: date) -> None:
        lines: list[Line] = []
        for medicine in self.kept(place):
            shelf = self.shelves[place.code, medicine.code]
            minimum, maximum = self._levels(place, medicine)
            if (
                month < self.habits[place.code, medicine.code].stops_ordering
                and shelf.quantity < minimum * 3 // 2
            ):
                number, expiry = self._lot(medicine, day)
                quantity = _packs(maximum - shelf.quantity, medicine.pack_size)
                shelf.put(number, expiry, quantity)
                lot = {"number": number, "expiry": expiry.isoformat()}
                lines.append({"product": medicine.code, "lot": lot, "quantity": quantity})
        source = {"supplier": "PROCUREMENT"}
        self._record(place, day, 10, "stock.receive", lines, source=source, reference=f"PO-{day:%Y%m}")

    def _supply(self, month: int, supplier: Place, place: Place, day: date) -> None:
        lines: list[Line] = []
        for medicine in self.kept(place):
            shelf, habit = self.shelves[place.code, medicine.code], self.habits[place.code, medicine.code]
            minimum, maximum = self._levels(place, medicine)
            if month < habit.stops_ordering and shelf.quantity < (minimum + maximum) // 2:
                wanted = _packs(maximum - shelf.quantity, medicine.pack_size)
                picked = self.shelves[supplier.code, medicine.code].pick(wanted, day)
                for lot in picked:
                    shelf.put(lot.number, lot.expiry, lot.quantity)
                lines += _lines(medicine, picked)
        reference = f"{supplier.code}-{place.code}-{day:%Y%m}"
        self._record(supplier, day, 9, "stock.issue", lines, destination={"facility": place.code})
        self._record(
            place,
            day + timedelta(1),
            11,
            "stock.receive",
            lines,
            source={"facility": supplier.code},
            reference=reference,
        )

    def _dispense(self, month: int, place: Place, day: date, parts: int) -> None:
        lines: list[Line] = []
        for medicine in self.kept(place):
            habit = self.habits[place.code, medicine.code]
            percent = self.random.randint(75, 128) * (15 if month >= habit.slumps else 100)
            if medicine.seasonal:
                percent = percent * (150 if day.month in (3, 4, 5, 10, 11) else 80) // 100
            wanted = (habit.use * percent + 5_000) // 10_000 // parts
            lines += _lines(medicine, self.shelves[place.code, medicine.code].pick(wanted, day))
        self._record(place, day, 15, "stock.dispense", lines)

    def _discard(self, place: Place, day: date) -> None:
        lines: list[Line] = []
        for medicine in self.kept(place):
            shelf = self.shelves[place.code, medicine.code]
            gone = [(lot, "expired") for lot in shelf.remove_expired(day)]
            if shelf.lots and self.random.random() < 0.01:
                gone += [(lot, "damaged") for lot in shelf.pick(max(1, shelf.quantity // 40), day)]
            for lot, reason in gone:
                line = {"product": medicine.code, "lot": lot.as_line(), "quantity": -lot.quantity}
                lines.append(line | {"reason": reason})
        self._record(place, day, 16, "stock.adjust", lines)

    def _count(self, place: Place, day: date) -> None:
        """A physical count each quarter: a few lots are found to differ a little from the book."""
        lines: list[Line] = []
        for medicine in self.kept(place):
            for lot in self.shelves[place.code, medicine.code].lots:
                if self.random.random() < 0.06:
                    lot.quantity = max(
                        0, lot.quantity + self.random.randint(-1, 1) * (1 + lot.quantity // 25)
                    )
                lines.append({"product": medicine.code, "lot": lot.as_line(), "counted": lot.quantity})
        self._record(place, day, 17, "stock.count", lines, session=f"{day:%Y-%m}")

    def _levels(self, place: Place, medicine: Medicine) -> tuple[int, int]:
        use = self.habits[place.code, medicine.code].use
        minimum, maximum, _emergency = POLICIES[place.type]
        return use * minimum // 100, use * maximum // 100

    def _lot(self, medicine: Medicine, day: date) -> tuple[str, date]:
        """A new lot, on the market for the first time: mostly with one to three years to go."""
        self.lots_made[medicine.code] += 1
        months = self.random.randint(14, 34) if self.random.random() > 0.08 else self.random.randint(7, 10)
        expiry = last_day(shifted(day.year * 100 + day.month, months))
        return f"{medicine.code[:3]}{day:%y}{self.lots_made[medicine.code]:03d}", expiry

    def _record(
        self, place: Place, day: date, hour: int, kind: str, lines: Sequence[Line], **body: object
    ) -> None:
        for at in range(0, len(lines), LINES_A_TIME):
            part = list(lines[at : at + LINES_A_TIME])
            self.events[place.code].append(Event(day, hour, kind, {**body, "lines": part}))


def _packs(quantity: int, pack_size: int) -> int:
    return -(-quantity // pack_size) * pack_size


def _lines(medicine: Medicine, lots: Iterable[HeldLot]) -> list[Line]:
    return [{"product": medicine.code, "lot": lot.as_line(), "quantity": lot.quantity} for lot in lots]
