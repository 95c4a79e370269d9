"""One log line per request, without what people wrote: a request id, the route's pattern, status, duration.

Neither query strings nor the paths themselves are logged, for both may name a patient or a password's owner.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("bincard.requests")

# Asked for every few seconds by machines: one line each would bury the rest.
_QUIET = frozenset({"/health"})


def set_up_logging(log_format: str) -> None:
    """Log to standard error: `text` for people, `json` for collectors."""
    render: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def logged(app: ASGIApp) -> ASGIApp:
    """The application with a line logged for every request, also for one that no route takes."""

    async def with_log(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id, started, status = uuid.uuid4().hex[:16], time.perf_counter(), 0
        scope["bincard_request_id"] = request_id  # type: ignore[typeddict-unknown-key]

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders.from_message(message)["x-request-id"] = request_id
            await send(message)

        try:
            await app(scope, receive, noting)
        finally:
            route = scope.get("path_template") or "(no route)"
            if route not in _QUIET or status >= 400:
                log.info(
                    "request",
                    request_id=request_id,
                    method=scope["method"],
                    route=route,
                    status=status,
                    ms=round((time.perf_counter() - started) * 1000, 1),
                )

    return with_log
