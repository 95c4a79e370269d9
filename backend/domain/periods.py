"""Reporting periods: a month is the integer year * 100 + month, so 201812 is December 2018."""

from __future__ import annotations

from datetime import date

from backend.clock import local_date, local_moment


def period_of(moment: int, zone: str) -> int:
    """The month that a moment (UTC milliseconds) falls in at a place with IANA time zone `zone`."""
    day = local_date(moment, zone)
    return day.year * 100 + day.month


def shifted(period: int, months: int) -> int:
    """The month so many months later (negative: earlier)."""
    index = (period // 100) * 12 + period % 100 - 1 + months
    return index // 12 * 100 + index % 12 + 1


def first_day(period: int) -> date:
    """The first local date of the month."""
    return date(period // 100, period % 100, 1)


def last_day(period: int) -> date:
    """The last local date of the month."""
    return date.fromordinal(first_day(shifted(period, 1)).toordinal() - 1)


def bounds(period: int, zone: str) -> tuple[int, int]:
    """UTC milliseconds of the month's start and of its end, which is half open."""
    return local_moment(first_day(period), zone), local_moment(first_day(shifted(period, 1)), zone)


def parse_period(text: str) -> int:
    """`2019-04` as a period. Raises ValueError for anything else."""
    year, dash, month = text.partition("-")
    if not (
        dash and len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit()
    ):
        raise ValueError(f"a period looks like 2019-04, not {text!r}")
    if not 1 <= int(month) <= 12 or int(year) < 1900:
        raise ValueError(f"there is no month {text!r}")
    return int(year) * 100 + int(month)


def format_period(period: int) -> str:
    """A period as `2019-04`."""
    return f"{period // 100:04d}-{period % 100:02d}"
