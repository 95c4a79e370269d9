"""What an import works with: its options, and the lines of the file under our own column names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session

from backend.ids import Ids
from backend.integrations.imports.columns import Source
from backend.integrations.imports.outcome import Outcome, Progress, RefusedCell, no_progress
from backend.integrations.imports.table import Table
from backend.problems import Problem
from backend.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Job:
    """One import: where it writes, when it happens, who answers for it, and its options."""

    session: Session
    settings: Settings
    now: int
    ids: Ids
    author: str = "import"
    program: str | None = None
    create_missing: bool = False
    progress: Progress = no_progress


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file: `number` is the line it starts on, `values` are trimmed, by our column names."""

    number: int
    values: Mapping[str, str]

    def get(self, column: str) -> str:
        """The cell; empty where the file has no such column."""
        return self.values.get(column, "")

    def has(self, column: str) -> bool:
        """Whether the file has the column at all."""
        return column in self.values


@dataclass(frozen=True)
class Kind:
    """A kind of import: its columns and what takes the lines."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    take: Callable[[Job, Sequence[Line], Outcome], None]
    key: tuple[str, ...] = ()
    takes_program: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, the required ones first."""
        return self.required + self.optional


def lines_of(table: Table, sources: Mapping[str, Source], kind: Kind, outcome: Outcome) -> list[Line]:
    """The rows as lines; blank ones and those with more cells than there are headers are refused."""
    lines = []
    for row in table.rows:
        outcome.rows += 1
        if row.blank:
            outcome.refuse(row.line, (kind.key or kind.required)[0], "is blank, like the whole row")
        elif any(row.cells[len(table.headers) :]):
            outcome.refuse(row.line, "row", f"has {len(row.cells)} cells under {len(table.headers)} headers")
        else:
            lines.append(Line(row.line, {ours: source.read(row) for ours, source in sources.items()}))
    return lines


def parsed(lines: Sequence[Line], parse: Callable[[Line], T], outcome: Outcome) -> Iterator[tuple[Line, T]]:
    """Each line with what `parse` makes of it; those in which it refuses a cell are left out and noted."""
    for line in lines:
        try:
            value = parse(line)
        except RefusedCell as refused:
            outcome.refuse(line.number, refused.column, refused.why)
        except Problem as problem:
            outcome.refuse(line.number, "row", problem.detail)
        else:
            yield line, value


class Once:
    """Refuses the second line with the same key."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._seen: dict[object, int] = {}

    def check(self, line: Line, key: object, shown: str) -> None:
        """Raise RefusedCell when an earlier line had the key."""
        first = self._seen.setdefault(key, line.number)
        if first != line.number:
            raise RefusedCell(self._column, f"{shown!r} is repeated: line {first} has it already")
