"""What a device tells of itself: every member alone may be nonsense, and nothing of it is ever an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import from_iso, to_iso
from backend.domain.device_status import (
    HEADER_LENGTH_MAX,
    WAITING_MAX,
    DeviceStatus,
    is_news,
    read_status,
)

NOW = from_iso("2026-11-22T09:00:00.000Z")
OLDEST = "2026-11-22T08:58:12.120Z"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            f"app=1f3a09; waiting=3; oldest={OLDEST}; free=73400320; persisted=1",
            DeviceStatus("1f3a09", 3, from_iso(OLDEST), 73_400_320, True),
        ),
        ("app=1.0.2+b-7; waiting=0; oldest=; free=; persisted=", DeviceStatus("1.0.2+b-7", 0)),
        ("APP=x ;  Persisted = 0", DeviceStatus("x", persisted=False)),
        ("waiting=5", DeviceStatus(waiting=5)),
        # Nothing waits, so nothing can be the oldest of it.
        (f"waiting=0; oldest={OLDEST}", DeviceStatus(waiting=0)),
        (f"app=a; oldest={OLDEST}", DeviceStatus("a")),
        # Of a clock that runs ahead, and of one that was never set.
        ("waiting=1; oldest=2036-01-01T00:00:00Z", DeviceStatus(waiting=1, oldest_at=NOW)),
        ("waiting=1; oldest=1969-01-01T00:00:00Z", DeviceStatus(waiting=1)),
        # Named twice: the first counts. Unknown names are for later versions.
        ("waiting=1; waiting=9; battery=4", DeviceStatus(waiting=1)),
        ("app=a; waiting=-1; free=1e9; persisted=yes; oldest=yesterday", DeviceStatus("a")),
        ("app=a; waiting=1.5", DeviceStatus("a")),
        ("app=a; waiting=" + "9" * 40, DeviceStatus("a")),
        (f"app=a; waiting={WAITING_MAX + 1}", DeviceStatus("a")),
        ("app=a; free=9999999999999999", DeviceStatus("a")),
        ("app=a; waiting=٣", DeviceStatus("a")),
        ("app=Ama Mensah; waiting=1", DeviceStatus(waiting=1)),
        ("app=<script>; waiting=1", DeviceStatus(waiting=1)),
        ("app=" + "a" * 65 + "; waiting=1", DeviceStatus(waiting=1)),
        ("waiting=1; oldest=2026-11-22T08:58:12", DeviceStatus(waiting=1)),
        (None, None),
        ("", None),
        (";;==;", None),
        ("nonsense", None),
        ("app=; waiting=; oldest=; free=; persisted=", None),
        ("waiting=1;" + " " * HEADER_LENGTH_MAX, None),
    ],
)
def test_what_is_understood(header: str | None, expected: DeviceStatus | None) -> None:
    assert read_status(header, NOW) == expected


@given(st.text(max_size=HEADER_LENGTH_MAX + 20))
def test_nothing_is_an_error(header: str) -> None:
    status = read_status(f"waiting=1; {header}", NOW)
    assert status is None or status.waiting == 1


@given(
    st.integers(0, WAITING_MAX), st.integers(1, NOW), st.integers(0, 2**53), st.sampled_from([True, False])
)
def test_what_is_told_is_read(waiting: int, oldest: int, free: int, persisted: bool) -> None:
    header = f"app=b; waiting={waiting}; oldest={to_iso(oldest)}; free={free}; persisted={int(persisted)}"
    expected = DeviceStatus("b", waiting, oldest if waiting else None, free, persisted)
    assert read_status(header, NOW) == expected


@pytest.mark.parametrize(
    ("told", "answered", "left"),
    [
        (DeviceStatus(waiting=3, oldest_at=5), 2, DeviceStatus(waiting=1, oldest_at=5)),
        (DeviceStatus(waiting=3, oldest_at=5), 3, DeviceStatus(waiting=0)),
        (DeviceStatus(waiting=1, oldest_at=5), 3, DeviceStatus(waiting=0)),
        (DeviceStatus("a", free=7), 3, DeviceStatus("a", free=7)),
    ],
)
def test_a_push_takes_off_what_it_brought(told: DeviceStatus, answered: int, left: DeviceStatus) -> None:
    assert told.after_answers(answered) == left


@pytest.mark.parametrize(
    ("waiting_told", "waiting_stored", "age_ms", "news"),
    [
        (0, None, None, True),
        (0, 0, 59_999, False),
        (0, 0, 60_000, True),
        (4, 9, 59_999, False),
        (4, 0, 1, True),
        (0, 4, 1, True),
        (None, 4, 1, False),
        (None, 4, 60_000, True),
    ],
)
def test_when_it_is_worth_a_write(
    waiting_told: int | None, waiting_stored: int | None, age_ms: int | None, news: bool
) -> None:
    status_at = None if age_ms is None else NOW - age_ms
    status = DeviceStatus("a", waiting=waiting_told)
    assert is_news(status, waiting=waiting_stored, status_at=status_at, now=NOW) is news
