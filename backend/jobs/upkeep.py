"""Upkeep inside `serve`: at start what an older release held and this one understands is entered; every few
minutes sessions that have expired and old wrong passwords are forgotten.
"""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from backend.clock import Clock
from backend.db import Database
from backend.services import sign_in, web_sessions
from sync.decisions import release_understood

EVERY_S = 15 * 60

log = structlog.get_logger("bincard.upkeep")


def tidy(session: Session, now: int) -> dict[str, int]:
    """Forget what no longer counts; returns how many rows of each kind."""
    return {
        "sessions": web_sessions.forget_expired(session, now),
        "failures": sign_in.forget_old_failures(session, now),
    }


async def enter_what_is_understood(db: Database, clock: Clock, time_zone: str) -> None:
    """Release operations that were held as unknown until this release. `time_zone` is the default of facilities."""
    try:
        released = await db.write(release_understood, now=clock(), time_zone=time_zone)
        if released:
            log.info("released", operations=released)
    except IntegrityError:
        # Another process of this release was quicker.
        log.info("released elsewhere")
    except Exception as error:
        log.error("release failed", error=type(error).__name__)


async def keep_tidy(db: Database, clock: Clock, time_zone: str, every_s: float = EVERY_S) -> None:
    """Tidy at once and then again and again, until cancelled. A failure is logged and tried again next time."""
    await enter_what_is_understood(db, clock, time_zone)
    while True:
        try:
            forgotten = await db.write(tidy, clock())
            if any(forgotten.values()):
                log.info("forgotten", **forgotten)
        except Exception as error:
            log.error("upkeep failed", error=type(error).__name__)
        await asyncio.sleep(every_s)
