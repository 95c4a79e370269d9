"""How a command ends when it cannot do what was asked: in words, never in a traceback."""

from __future__ import annotations


class Failed(Exception):
    """It failed, and the message says why: exit status 1."""


class Misused(Exception):
    """It was called wrongly, and the message says how: exit status 2."""
