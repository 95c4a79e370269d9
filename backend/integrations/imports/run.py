"""Import a CSV file of some kind in one transaction: all that can be taken, or with `all_or_nothing` all or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backend.db import Database
from backend.ids import Ids
from backend.integrations.imports import facilities, policies, products, reports, users
from backend.integrations.imports.columns import parse_mapping, resolve
from backend.integrations.imports.job import Job, Kind, lines_of
from backend.integrations.imports.outcome import Outcome, Progress, no_progress
from backend.integrations.imports.table import read_table
from backend.services.reasons import ensure_default_reasons
from backend.settings import Settings

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (facilities.KIND, products.KIND, policies.KIND, reports.KIND, users.KIND)
}


@dataclass(frozen=True)
class Options:
    """What the person who imports may choose."""

    columns: str = ""
    program: str | None = None
    create_missing: bool = False
    all_or_nothing: bool = False
    dry_run: bool = False
    author: str = "import"


class _Undone(Exception):
    """Ends a transaction that must leave nothing behind."""


def import_file(
    database: Database,
    settings: Settings,
    kind: Kind,
    path: Path,
    options: Options,
    *,
    clock: Callable[[], int],
    ids: Ids,
    progress: Progress = no_progress,
) -> Outcome:
    """Import the file and say what became of each row.

    Nothing is written with `dry_run`, nor with `all_or_nothing` when a row was refused. Raises
    WrongMapping, and UnreadableFile before anything is written.
    """
    mapping = parse_mapping(options.columns, kind.columns) if options.columns else {}
    table = read_table(path)
    sources = resolve(table, mapping, kind.required, kind.optional)
    outcome = Outcome(kind.name)
    lines = lines_of(table, sources, kind, outcome)
    try:
        with database.writing() as session:
            ensure_default_reasons(session)
            job = Job(
                session,
                settings,
                clock(),
                ids,
                options.author,
                options.program,
                options.create_missing,
                progress,
            )
            kind.take(job, lines, outcome)
            outcome.refusals.sort(key=lambda one: one.line)
            if options.dry_run or (options.all_or_nothing and outcome.refusals):
                raise _Undone
    except _Undone:
        pass
    return outcome
