"""Identifiers, injected: UUIDv7 for things made by people and devices, UUIDv5 for things that follow from facts."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable
from functools import lru_cache

from backend.clock import system_clock

Ids = Callable[[], str]

NAMESPACE = uuid.UUID("6f0b2f5e-2f5b-5d0c-9a39-0d8f5f7bca7d")


def uuid7(moment: int | None = None) -> str:
    """A fresh UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits."""
    ms = system_clock() if moment is None else moment
    value = (ms & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


@lru_cache(maxsize=4096)
def derived_id(*parts: str) -> str:
    """The same id (a UUIDv5) for the same parts on every replica, for what is computed from facts."""
    digest = hashlib.sha1(NAMESPACE.bytes + "\x1f".join(parts).encode(), usedforsecurity=False).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))
