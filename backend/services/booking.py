"""Which period a fact is booked in: its own, or the earliest after it whose report is not yet submitted."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, select
from sqlmodel import col

from backend.domain.periods import bounds, period_of, shifted
from backend.models import PeriodReport


@dataclass(slots=True)
class Periods:
    """The months of one facility, and which of them were reported for which product."""

    connection: Connection
    facility_id: int
    time_zone: str
    as_they_are: bool = False
    _month: tuple[int, int, int] = (0, 0, 0)
    _submitted: set[tuple[int, int]] = field(default_factory=set)
    _read_from: int | None = None

    def book(self, moment: int, product_id: int) -> tuple[int, int]:
        """(the month that a moment in UTC milliseconds falls in, the month that it is booked in)."""
        start, end, own = self._month
        if not start <= moment < end:
            own = period_of(moment, self.time_zone)
            self._month = (*bounds(own, self.time_zone), own)
        if self.as_they_are:
            return own, own
        if self._read_from is None or own < self._read_from:
            self._read(own)
        booked = own
        while self._submitted and (product_id, booked) in self._submitted:
            booked = shifted(booked, 1)
        return own, booked

    def _read(self, period: int) -> None:
        statement = select(col(PeriodReport.product_id), col(PeriodReport.period)).where(
            col(PeriodReport.facility_id) == self.facility_id, col(PeriodReport.period) >= period
        )
        self._submitted = {(product, month) for product, month in self.connection.execute(statement)}
        self._read_from = period
