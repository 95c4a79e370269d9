"""Where an exception came from, for the log, without what it says: its text may hold what a person wrote.

A database's error quotes the row, a parser's the body. So a log has types, places in the code and the
database's own code for the error, which together tell a developer where to look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog

FRAMES_MAX = 20
CAUSES_MAX = 5

log = structlog.get_logger("bincard.errors")


def trace_of(error: BaseException) -> dict[str, object]:
    """Its type, the innermost line of our own, the way there, and the same of what caused it."""
    frames = _frames(error.__traceback__)
    own = [frame for frame in frames if frame.startswith(("backend.", "sync."))]
    told: dict[str, object] = {
        "error": type(error).__name__,
        "at": (own or frames or ["?"])[-1],
        "trace": frames[-FRAMES_MAX:],
    }
    causes = [
        f"{type(cause).__name__} {(_frames(cause.__traceback__) or ['?'])[-1]}" for cause in _causes(error)
    ]
    if causes:
        told["causes"] = causes
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(sqlstate, str):
        told["sqlstate"] = sqlstate
    return told


def note_stray(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For an event loop: log what failed where nobody waited for it."""
    error = context.get("exception")
    log.error("stray", **(trace_of(error) if isinstance(error, BaseException) else {}))


class Unquoted(logging.Handler):
    """What libraries log, without their words, which may quote what they worked on."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log who spoke, where, and the exception if there is one."""
        error = record.exc_info[1] if record.exc_info else None
        log.warning(
            "library",
            logger=record.name,
            severity=record.levelname,
            said_at=f"{record.module}:{record.lineno}",
            **(trace_of(error) if error is not None else {}),
        )


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        frame = trace.tb_frame
        frames.append(f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    for _ in range(CAUSES_MAX):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None or id(cause) in seen:
            return
        seen.add(id(cause))
        yield cause
        error = cause
