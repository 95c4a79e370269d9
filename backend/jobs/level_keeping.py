"""Levels inside `serve`: every few minutes those of facilities with something new are computed again."""

from __future__ import annotations

import asyncio

import structlog

from backend.clock import Clock
from backend.db import Database
from backend.services import levels
from backend.settings import Settings

PAUSE_S = 0.02
"""Between two facilities: pushes come first."""

log = structlog.get_logger("bincard.levels")


async def keep_levels(db: Database, settings: Settings, clock: Clock) -> None:
    """Bring all levels up to date at once and then again and again, until cancelled.

    A failure is logged and tried again next time. `settings.levels_seconds` is the pause; without one nothing is done.
    """
    while settings.levels_seconds:
        try:
            await refresh(db, settings, clock)
        except Exception as error:
            log.error("levels failed", error=type(error).__name__)
        await asyncio.sleep(settings.levels_seconds)


async def refresh(db: Database, settings: Settings, clock: Clock) -> int:
    """Compute and store the levels of every facility where they may have changed; how many levels did.

    Read and written apart, so that the writer is not held while the ledger is read.
    """
    changed = 0
    for facility_id in await db.read(levels.stale, settings, clock()):
        try:
            computed = await db.read(levels.compute, settings, clock(), facility_id)
            changed += await db.write(levels.store, computed)
        except Exception as error:
            # The others' are kept all the same, and this one's are tried again next time.
            log.error("levels failed", facility_id=facility_id, error=type(error).__name__)
        await asyncio.sleep(PAUSE_S)
    return changed
