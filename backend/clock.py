"""Time, injected: every moment inside Bincard is an integer of UTC milliseconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], int]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> int:
    """The machine's clock, in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def to_iso(moment: int) -> str:
    """`2026-11-22T08:58:12.120Z`, the one form on the wire."""
    return (_EPOCH + timedelta(milliseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"


def from_iso(text: str) -> int:
    """UTC milliseconds of an ISO 8601 moment that names its offset.

    Anything finer than a millisecond is cut off. Raises ValueError when the text is no moment or
    has no offset, for a local time without its zone cannot be placed.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no offset from UTC")
    return (moment - _EPOCH) // _MILLISECOND


def local_date(moment: int, zone: str) -> date:
    """The calendar date that a moment falls on at a place (`zone` is an IANA name)."""
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).date()


def local_moment(day: date, zone: str, hour: int = 0, minute: int = 0, second: int = 0, ms: int = 0) -> int:
    """UTC milliseconds of a wall-clock time on a local date; a time skipped by summer time moves forward."""
    local = datetime(day.year, day.month, day.day, hour, minute, second, ms * 1000, tzinfo=ZoneInfo(zone))
    return (local - _EPOCH) // _MILLISECOND
