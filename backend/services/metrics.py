"""What the database says of itself at a scrape of /metrics: a handful of cheap queries, none over the ledger.

Open exceptions are read off their partial index, devices off their own small table.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select, text
from sqlmodel import Session, col

from backend.models import Device, Facility, StockException
from backend.services.device_lists import SILENT_AFTER_MS

DEVICES_MAX = 1000
"""Devices that are told one by one, the longest waiting first: a country has more than a monitor should keep apart."""


@dataclass(frozen=True, slots=True)
class DeviceFigure:
    """One device in use. Ages in milliseconds; None where it never told of its queue."""

    id: str
    facility: str
    waiting: int | None
    queue_age_ms: int | None
    silent_ms: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The state of the database: `exceptions` open by code, `devices` the longest waiting of those `in_use`."""

    exceptions: dict[str, int]
    database_bytes: int
    in_use: int
    silent: int
    waiting: int
    devices: list[DeviceFigure]


def figures(session: Session, now: int) -> Figures:
    """Read them all on one snapshot. `now` in UTC milliseconds."""
    in_use, silent, waiting = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((_heard_at() <= now - SILENT_AFTER_MS, 1), else_=0)), 0),
            func.coalesce(func.sum(col(Device.waiting)), 0),
        ).where(col(Device.revoked_at).is_(None))
    ).one()
    return Figures(_exceptions(session), _size(session), in_use, silent, int(waiting), _devices(session, now))


def _heard_at() -> ColumnElement[int]:
    return func.coalesce(col(Device.last_seen_at), col(Device.enrolled_at))


def _exceptions(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(col(StockException.code), func.count())
        .where(col(StockException.closed_at).is_(None), col(StockException.resolved_at).is_(None))
        .group_by(col(StockException.code))
    )
    return {str(code): int(number) for code, number in rows}


def _size(session: Session) -> int:
    sqlite = session.get_bind().dialect.name == "sqlite"
    statement = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if sqlite
        else "SELECT pg_database_size(current_database())"
    )
    return int(session.connection().execute(text(statement)).scalar_one())


def _devices(session: Session, now: int) -> list[DeviceFigure]:
    # One that waits but did not say since when has waited at least since it said so.
    since = case(
        (col(Device.waiting) > 0, func.coalesce(col(Device.oldest_waiting_at), col(Device.status_at)))
    )
    rows = session.execute(
        select(col(Device.id), col(Facility.code), col(Device.waiting), since, _heard_at())
        .join(Facility, col(Facility.id) == col(Device.facility_id))
        .where(col(Device.revoked_at).is_(None))
        .order_by(since.is_(None), since, _heard_at(), col(Device.id))
        .limit(DEVICES_MAX)
    )
    return [
        DeviceFigure(
            id_,
            facility,
            waiting,
            None if waiting is None else 0 if oldest is None else max(0, now - oldest),
            max(0, now - heard),
        )
        for id_, facility, waiting, oldest, heard in rows
    ]
