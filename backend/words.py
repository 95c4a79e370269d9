"""Marks words that are written in one place and shown, translated, in another."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "to be translated where it is shown"
    """The message itself; extraction finds it by this name."""
    return message
