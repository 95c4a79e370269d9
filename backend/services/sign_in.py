"""Check a name and a password: limited per name and place, the same words and time for an unknown name.

The attempt is counted as a failure before the password is looked at and taken back when it was right, so
that a thousand attempts sent at once are not all let through before the first is counted.
"""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import delete, or_, text
from sqlmodel import Session, col, select

from backend.clock import MINUTE_MS
from backend.db import Database
from backend.domain.addresses import is_loopback, place
from backend.models import Meta, SignInFailure, User
from backend.problems import Problem
from backend.services import passwords
from backend.settings import Settings

WINDOW_MS = 15 * MINUTE_MS
NAME_LENGTH_MAX = 64
# A clinic's tablets share one address, and a name may be tried from many: both have more room than a pair.
WIDER = 10
DEMO_USERS = "demo_users"
_LOCK = 0x7369676E

# Each check takes 64 MiB: this many at once, whatever number is asked for.
_checking = ThreadPoolExecutor(2, "bincard-password")


@dataclass(frozen=True)
class _Attempt:
    """One counted attempt; `user_id` is None for an unknown or disabled user."""

    user_id: int | None
    password_hash: str
    demo: bool


async def check_password(
    db: Database, settings: Settings, now: int, *, name: str, password: str, address: str
) -> int:
    """The id of the user with this name and password.

    `address` is the client's network address. Raises Problem 401 `wrong_credentials`, 403 `demo_account`
    for a demo account from another machine, 429 `too_many_attempts` with Retry-After in seconds.
    """
    name, where = _storable(name)[: NAME_LENGTH_MAX + 1], place(address)
    attempt = await db.write(_count_attempt, settings.sign_in_attempts, now, name, where)
    # Shielded: the attempt stays counted when the client hangs up, and is never taken back unchecked.
    right = await asyncio.shield(
        asyncio.get_running_loop().run_in_executor(
            _checking, passwords.matches, attempt.password_hash, password
        )
    )
    if not right or attempt.user_id is None:
        raise Problem(401, "wrong_credentials", "The name or the password is not right.")
    if attempt.demo and not is_loopback(address):
        raise Problem(
            403, "demo_account", "Demo accounts sign in only on the machine that Bincard itself runs on."
        )
    fresh = None
    if passwords.outdated(attempt.password_hash):
        fresh = await asyncio.to_thread(passwords.hashed, password)
    await db.write(_succeed, attempt.user_id, name, where, fresh)
    return attempt.user_id


def _storable(name: str) -> str:
    # Nobody is called so, and a database that is asked for it must not fail.
    return name.replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _count_attempt(session: Session, allowed: int, now: int, name: str, where: str) -> _Attempt:
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer. Here counting and adding would overlap, and more than `allowed` get through.
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    _refuse_too_many(session, allowed, now, name, where)
    session.add(SignInFailure(name=name[:NAME_LENGTH_MAX], address=where, failed_at=now))
    user = session.exec(select(User).where(User.name == name)).first()
    if user is None or user.disabled_at is not None:
        return _Attempt(None, "", False)
    return _Attempt(user.id, user.password_hash, name in _demo_users(session))


def _refuse_too_many(session: Session, allowed: int, now: int, name: str, where: str) -> None:
    rows = session.exec(
        select(SignInFailure.name, SignInFailure.address, SignInFailure.failed_at)
        .where(
            col(SignInFailure.failed_at) > now - WINDOW_MS,
            or_(col(SignInFailure.name) == name, col(SignInFailure.address) == where),
        )
        .order_by(col(SignInFailure.failed_at))
    ).all()
    waits = [
        _wait_ms([at for who, place_, at in rows if who == name and place_ == where], allowed, now),
        _wait_ms([at for who, _place, at in rows if who == name], allowed * WIDER, now),
        _wait_ms([at for _who, place_, at in rows if place_ == where], allowed * WIDER, now),
    ]
    wait_ms = max(waits)
    if wait_ms > 0:
        raise Problem(
            429,
            "too_many_attempts",
            "Too many wrong passwords. Wait some minutes, then try again.",
            headers={"Retry-After": str(-(-wait_ms // 1000))},
        )


def _wait_ms(failed_at: list[int], allowed: int, now: int) -> int:
    """How long until fewer than `allowed` of these failures (oldest first) still count; 0 when it is so now."""
    if len(failed_at) < allowed:
        return 0
    return failed_at[len(failed_at) - allowed] + WINDOW_MS - now


def _demo_users(session: Session) -> frozenset[str]:
    row = session.get(Meta, DEMO_USERS)
    return frozenset(json.loads(row.value)) if row is not None else frozenset()


def _succeed(session: Session, user_id: int, name: str, where: str, fresh_hash: str | None) -> None:
    session.execute(
        delete(SignInFailure).where(col(SignInFailure.name) == name, col(SignInFailure.address) == where)
    )
    if fresh_hash is not None:
        user = session.get_one(User, user_id)
        user.password_hash = fresh_hash


def forget_old_failures(session: Session, now: int) -> int:
    """Delete wrong passwords that no longer count; returns how many."""
    result = session.execute(delete(SignInFailure).where(col(SignInFailure.failed_at) <= now - WINDOW_MS))
    return int(result.rowcount)  # type: ignore[attr-defined]
