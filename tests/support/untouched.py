"""How much a database holds, to see that a refused request has changed nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlmodel import SQLModel

from backend.db import Database

SHORT_LIVED = frozenset({"web_session", "sign_in_failure", "api_token"})
"""Tables that tell of visits and not of stock: a wrong password is rightly remembered."""


def holdings(db: Database) -> tuple[Any, ...]:
    """How many rows every table has, and how far devices and change numbers are."""
    tables = sorted(SQLModel.metadata.tables.keys() - SHORT_LIVED)
    counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM \"{name}\"" for name in tables)
    with db.reading() as session:
        run = session.connection().execute
        return (
            *run(text(counts + " ORDER BY name")).all(),
            *run(text("SELECT expected_seq, last_recorded_at FROM device ORDER BY id")).all(),
            *run(text("SELECT scope, value FROM change_counter ORDER BY scope")).all(),
        )
