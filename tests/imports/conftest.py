"""Importing text as if it were a file, into a database that lives for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.clock import from_iso
from backend.db import Database
from backend.ids import uuid7
from backend.integrations.imports.outcome import Outcome
from backend.integrations.imports.run import KINDS, Options, import_file
from backend.settings import Settings

NOW = from_iso("2019-06-15T12:00:00Z")

Importer = Callable[..., Outcome]


def importer(database: Database, folder: Path, settings: Settings | None = None) -> Importer:
    """`importing(kind, text, now=..., **options)` on a database."""

    def importing(kind: str, text: str, *, now: int = NOW, **options: object) -> Outcome:
        path = folder / f"{kind}.csv"
        path.write_text(text, encoding="utf-8")
        return import_file(
            database,
            settings or Settings(),
            KINDS[kind],
            path,
            Options(**options),  # type: ignore[arg-type]
            clock=lambda: now,
            ids=uuid7,
        )

    return importing


@pytest.fixture
def importing(sqlite_database: Database, tmp_path: Path) -> Importer:
    """Imports into `sqlite_database`."""
    return importer(sqlite_database, tmp_path)


@pytest.fixture
def importing_both(database: Database, tmp_path: Path) -> Importer:
    """Imports into `database`, once of each kind."""
    return importer(database, tmp_path)
