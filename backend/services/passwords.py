"""Passwords: argon2id with RFC 9106's second recommended cost (64 MiB, 3 passes), and what is accepted as one."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.problems import Problem

LENGTH_MIN = 8
LENGTH_MAX = 128

_hasher = PasswordHasher()
# Checked when there is no user or no password set, so that both take as long as a wrong password. Made once and
# written down: making it anew would be a third of a second of every command and start.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$vNZ5WMqVRPrkE+AqHAefuA$FlpameyiimiQxOsZArFse6NS/dZOJqO4w7QdlpJau8s"


def _prepared(password: str) -> bytes:
    # The same letters may be typed composed or decomposed, by keyboard and system.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def require_acceptable(password: str, *, name: str) -> None:
    """Raise Problem 422 `weak_password` unless it may become the password of that user.

    Length is asked for and nothing else is prescribed (NIST SP 800-63B), but the user's own name and a
    single repeated character are refused.
    """
    if len(password) < LENGTH_MIN:
        raise Problem(422, "weak_password", "The password is too short: it needs at least 8 characters.")
    if len(password) > LENGTH_MAX:
        raise Problem(422, "weak_password", "The password is too long: it may have at most 128 characters.")
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise Problem(422, "weak_password", "The password is too easy to guess.")


def hashed(password: str) -> str:
    """The argon2id hash to store; some 100 ms and 64 MiB of work."""
    return _hasher.hash(_prepared(password))


def matches(stored: str, password: str) -> bool:
    """Whether the password is the one stored; always as much work, also where nothing is stored."""
    if len(password) > LENGTH_MAX:
        password = ""
    try:
        _hasher.verify(stored or _NOBODY, _prepared(password))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def outdated(stored: str) -> bool:
    """Whether the hash was made with another cost than this release's."""
    return _hasher.check_needs_rehash(stored)
