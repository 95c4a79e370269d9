"""GET /metrics: figures for Prometheus, for whoever has the token of the setting; without one there is nothing."""

from __future__ import annotations

import asyncio
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

import structlog
from litestar import Request, Response, get
from sqlalchemy.exc import SQLAlchemyError

from backend.clock import Clock
from backend.db import Database
from backend.problems import Problem
from backend.services.metrics import Figures, figures
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.web.meters import Meters

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PATIENCE_S = 5.0

log = structlog.get_logger("bincard.metrics")


def meters_of(settings: Settings) -> Meters | None:
    """New counters where metrics are wanted. Only then their library is loaded, and none of its time spent."""
    if not settings.metrics_token:
        return None
    from backend.web.meters import Meters

    return Meters()


@get("/metrics", include_in_schema=False)
async def metrics(
    request: Request[Any, Any, Any], db: Database, settings: Settings, clock: Clock
) -> Response[bytes]:
    """404 unless `BINCARD_METRICS_TOKEN` is set; 401 without that token as a bearer."""
    meters: Meters | None = request.app.state.get("meters")
    if meters is None:
        raise Problem(404, "not_found", "There is nothing here.")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = compare_digest(token.strip().encode(), settings.metrics_token.encode())
    if scheme.lower() != "bearer" or not known:
        raise Problem(
            401,
            "no_valid_token",
            "Figures are given to the bearer of the metrics token only.",
            headers={"WWW-Authenticate": 'Bearer realm="Bincard metrics"'},
        )
    content = await asyncio.to_thread(meters.exposition, await _figures(db, clock()))
    return Response(content, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


async def _figures(db: Database, now: int) -> Figures | None:
    """What the database says of itself, None when it does not answer: the counters are wanted then most of all."""
    try:
        return await asyncio.wait_for(db.read(figures, now), _PATIENCE_S)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("no_figures", error=type(error).__name__)
        return None
