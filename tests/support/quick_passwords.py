"""Passwords at next to no cost, for the tests: a real hash takes a third of a second on a small machine, on purpose.

The rules of passwords are the same; only argon2's parameters differ. `USUAL` and `USUAL_NOBODY` are the release's.
"""

from __future__ import annotations

from argon2 import PasswordHasher

from backend.services import passwords

USUAL = passwords._hasher
USUAL_NOBODY = passwords._NOBODY
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def quicken() -> None:
    """Let this process, and what is forked from it, hash quickly."""
    passwords._hasher = QUICK
    passwords._NOBODY = QUICK.hash("the password of nobody")
