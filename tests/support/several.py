"""Tests on several processes (pytest-xdist): the longest files first, and those that measure time with nothing beside.

A file stays on one process, for its fixtures are costly. Tests marked `alone` hold promises of seconds or less; they
come last, and while one of them runs, no other process runs a test.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LONGEST = (
    "tests/simulation/test_simulation.py",
    "tests/simulation/test_it_bites.py",
    "tests/browser/",
    "tests/sync/test_kill.py",
    "tests/cli/",
)
"""What takes a minute or so, begun first: begun last, the other processes would have nothing left meanwhile."""


def ordered(items: list[pytest.Item]) -> list[pytest.Item]:
    """The longest first, then as they were, then those to run alone; a file is run where its first test is."""
    return sorted(items, key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("alone"):
        return len(LONGEST) + 1
    beginnings = [turn for turn, beginning in enumerate(LONGEST) if item.nodeid.startswith(beginning)]
    return beginnings[0] if beginnings else len(LONGEST)


class Room:
    """Where the tests of this checkout run: many at a time, or one alone. Over two locked files, one each process."""

    def __init__(self) -> None:
        # Of these nothing is left behind, however a process ends.
        here = Path(__file__)
        self._door, self._room = here.open("rb"), here.parent.with_name("conftest.py").open("rb")

    @contextmanager
    def entered(self, *, alone: bool) -> Iterator[None]:
        """Wait for the turn, in the order of coming: who wants to be alone is not overtaken by those that do not."""
        fcntl.flock(self._door, fcntl.LOCK_EX)
        fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)
