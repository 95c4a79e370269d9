"""GET /health: whether this process can answer, database included; for load balancers and containers."""

from __future__ import annotations

import asyncio

from litestar import get
from sqlalchemy import text
from sqlmodel import Session
from typing_extensions import TypedDict

from backend import __version__
from backend.db import Database
from backend.problems import Problem

_PATIENCE_S = 5.0


class Health(TypedDict):
    """What is well: `database` names its kind."""

    status: str
    version: str
    database: str


def _touch(session: Session) -> None:
    session.connection().execute(text("SELECT value FROM meta WHERE key = 'epoch'")).one()


@get("/health", tags=["operation"])
async def health(db: Database) -> Health:
    """200 when the database answers and is migrated; else 503."""
    kind = db.url.get_backend_name()
    try:
        await asyncio.wait_for(db.read(_touch), _PATIENCE_S)
    except Exception as error:
        raise Problem(
            503,
            "database_unavailable",
            "The database does not answer.",
            extra={"version": __version__, "database": kind},
        ) from error
    return Health(status="ok", version=__version__, database=kind)
