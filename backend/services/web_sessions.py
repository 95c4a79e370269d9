"""Signed-in browsers: begin, find and prolong, end. The cookie holds a random secret, the table its SHA-256."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import delete
from sqlmodel import Session, col

from backend.clock import DAY_MS, HOUR_MS, MINUTE_MS
from backend.models import WebSession

AGE_MAX_MS = 30 * DAY_MS
"""However busy, a session ends after this and the password is asked for again."""
# Prolonging is a write: not on every request, but often enough that the promised time of rest is kept.
_PROLONG_EVERY_MS = 5 * MINUTE_MS
_SECRET_BYTES = 32


def hash_of(secret: str) -> str:
    """What the table knows of a cookie's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def begin(session: Session, *, user_id: int, hours: int, now: int, previous: str | None = None) -> str:
    """A new session's secret for the cookie; the browser's `previous` one ends, whosever it was."""
    if previous is not None:
        end(session, previous)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    session.add(
        WebSession(
            secret_hash=hash_of(secret),
            user_id=user_id,
            created_at=now,
            last_used_at=now,
            expires_at=now + hours * HOUR_MS,
        )
    )
    return secret


def user_of(session: Session, secret: str, now: int) -> tuple[int, bool] | None:
    """Whose session it is, and whether it is time to prolong it; None when there is none or it has expired."""
    row = session.get(WebSession, hash_of(secret))
    if row is None or row.expires_at <= now or row.created_at + AGE_MAX_MS <= now:
        return None
    return row.user_id, now - row.last_used_at >= _PROLONG_EVERY_MS


def prolong(session: Session, secret: str, *, hours: int, now: int) -> None:
    """Count the hours of rest from now on again; nothing when the session was ended meanwhile."""
    row = session.get(WebSession, hash_of(secret))
    if row is not None and row.expires_at > now:
        row.last_used_at = now
        row.expires_at = now + hours * HOUR_MS


def end(session: Session, secret: str) -> None:
    """Sign this browser out; nothing when it was already."""
    session.execute(delete(WebSession).where(col(WebSession.secret_hash) == hash_of(secret)))


def forget_expired(session: Session, now: int) -> int:
    """Delete sessions that have ended by time; returns how many."""
    result = session.execute(
        delete(WebSession).where(
            (col(WebSession.expires_at) <= now) | (col(WebSession.created_at) <= now - AGE_MAX_MS)
        )
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
