"""PURE: what a device tells of itself in the header `Bincard-Status`, and when that is news.

`app=1f3a; waiting=3; oldest=2026-11-22T08:58:12.120Z; free=73400320; persisted=1`. The header is a hint for
people who look after devices: a member that is unknown or makes no sense is left out, never an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from backend.clock import MINUTE_MS, from_iso

HEADER = "bincard-status"
HEADER_LENGTH_MAX = 500
WAITING_MAX = 10**9
BYTES_MAX = 2**53
TOLD_EVERY_MS = MINUTE_MS
STORAGE_LOW_BYTES = 50_000_000
"""Below this a tablet that works offline for weeks may fill up."""

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}")
_NUMBER = re.compile(r"[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """What was told; None where it was not. `oldest_at` in UTC milliseconds, `free` in bytes."""

    app_version: str = ""
    waiting: int | None = None
    oldest_at: int | None = None
    free: int | None = None
    persisted: bool | None = None

    def after_answers(self, answered: int) -> DeviceStatus:
        """The same when so many of the waiting operations have been answered since it was told."""
        if self.waiting is None:
            return self
        left = max(0, self.waiting - answered)
        # Of what is left the device will say which is the oldest; till then it is not younger than was told.
        return replace(self, waiting=left, oldest_at=self.oldest_at if left else None)


def read_status(header: str | None, now: int) -> DeviceStatus | None:
    """The status in a header, None where there is nothing to be understood. Nothing waits since after `now`."""
    if not header or len(header) > HEADER_LENGTH_MAX:
        return None
    members: dict[str, str] = {}
    for part in header.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            members.setdefault(name.strip().lower(), value.strip())
    waiting = _number(members.get("waiting", ""), WAITING_MAX)
    status = DeviceStatus(
        app_version=_version(members.get("app", "")),
        waiting=waiting,
        oldest_at=_moment(members.get("oldest", ""), now) if waiting else None,
        free=_number(members.get("free", ""), BYTES_MAX),
        persisted={"1": True, "0": False}.get(members.get("persisted", "")),
    )
    return None if status == DeviceStatus() else status


def is_news(status: DeviceStatus, *, waiting: int | None, status_at: int | None, now: int) -> bool:
    """Whether a status is worth a write: the one that is stored is a minute old, or the queue filled or emptied."""
    if status_at is None or now - status_at >= TOLD_EVERY_MS:
        return True
    return status.waiting is not None and (status.waiting == 0) != (waiting == 0)


def _version(text: str) -> str:
    return text if _VERSION.fullmatch(text) else ""


def _number(text: str, highest: int) -> int | None:
    if not _NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if number <= highest else None


def _moment(text: str, now: int) -> int | None:
    try:
        moment = from_iso(text)
    except (ValueError, OverflowError):
        return None
    # A clock that runs ahead must not make an age negative, nor one that stands in 1970 fill the list's top for ever.
    return min(moment, now) if moment > 0 else None
