"""Upkeep, every few minutes inside `serve`: forget sessions that have expired and old wrong passwords."""

from __future__ import annotations

import asyncio

import structlog
from sqlmodel import Session

from backend.clock import Clock
from backend.db import Database
from backend.services import sign_in, web_sessions

EVERY_S = 15 * 60

log = structlog.get_logger("bincard.upkeep")


def tidy(session: Session, now: int) -> dict[str, int]:
    """Forget what no longer counts; returns how many rows of each kind."""
    return {
        "sessions": web_sessions.forget_expired(session, now),
        "failures": sign_in.forget_old_failures(session, now),
    }


async def keep_tidy(db: Database, clock: Clock, every_s: float = EVERY_S) -> None:
    """Tidy at once and then again and again, until cancelled. A failure is logged and tried again next time."""
    while True:
        try:
            forgotten = await db.write(tidy, clock())
            if any(forgotten.values()):
                log.info("forgotten", **forgotten)
        except Exception as error:
            log.error("upkeep failed", error=type(error).__name__)
        await asyncio.sleep(every_s)
