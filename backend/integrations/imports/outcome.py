"""What an import did: rows refused one by one, and a summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from backend.services.rows import Change

Progress = Callable[[int, int], None]
"""Called with (done, total) now and then."""


def no_progress(_done: int, _total: int) -> None:
    """For those who do not watch."""


class RefusedCell(Exception):
    """One cell makes its row unacceptable; raised while a row is read and kept as a Refusal."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column = column
        self.why = why


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken: its line in the file, our name of the column, and why."""

    line: int
    column: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.why}"


@dataclass(slots=True)
class Outcome:
    """Counts by what became of the rows, and what else happened on the way (`notes`, by words)."""

    kind: str
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def count(self, changes: Iterable[Change]) -> None:
        """Count what became of the rows that were taken."""
        found = Counter(changes)
        self.added += found["added"]
        self.changed += found["changed"]
        self.unchanged += found["unchanged"]

    def refuse(self, line: int, column: str, why: str) -> None:
        """Note a refused row."""
        self.refusals.append(Refusal(line, column, why))

    def summary(self) -> str:
        """One line for people: `facilities: 3 rows, 2 added, 1 refused`, and the notes after it."""
        parts = [f"{self.kind}: {self.rows:,} rows, {self.added:,} added, {self.changed:,} changed"]
        parts += [f"{self.unchanged:,} unchanged", f"{len(self.refusals):,} refused"]
        parts += [f"{count:,} {words}" for words, count in sorted(self.notes.items()) if count]
        if not self.added and not self.changed and self.unchanged:
            parts.append("nothing to change")
        return ", ".join(parts)
