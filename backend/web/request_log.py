"""One log line per request, without what people wrote: a request id, the route's pattern, status, duration.

Pushes, pulls and enrolments add the device and what was done, and each operation that was held or flagged has
a line of its own: ids, kinds, codes and numbers alone. Neither query strings nor the paths themselves are logged,
for both may name a patient or a password's owner.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from backend.told import Told, told_of
from backend.web.traces import Unquoted, trace_of

if TYPE_CHECKING:
    from backend.web.meters import Meters

LIVE = "/live"
NO_ROUTE = "(no route)"
FILES = "(file)"

log = structlog.get_logger("bincard.requests")

# Asked for every few seconds by machines: one line each would bury the rest.
_QUIET = frozenset({"/health", "/metrics"})


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
    root = logging.getLogger()
    if not any(isinstance(handler, Unquoted) for handler in root.handlers):
        root.addHandler(Unquoted(logging.WARNING))


def logged(app: ASGIApp, meters: Meters | None = None) -> ASGIApp:
    """The application with a line logged for every request, also for one that no route takes, and all counted."""

    async def with_log(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id, started, status, watching = uuid.uuid4().hex[:16], time.perf_counter(), 0, False
        scope["bincard_request_id"] = request_id  # type: ignore[typeddict-unknown-key]

        async def noting(message: Message) -> None:
            nonlocal status, watching
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders.from_message(message)["x-request-id"] = request_id
                if meters is not None and status == 200 and _route(scope) == LIVE:
                    watching = True
                    meters.watchers.inc()
            await send(message)

        try:
            await app(scope, receive, noting)
        except Exception as error:
            # The server around us would print the exception with all that it quotes.
            log.error("broken_off", request_id=request_id, **trace_of(error))
            if not status:
                status = 500
                await send({"type": "http.response.start", "status": 500, "headers": []})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            seconds, told = time.perf_counter() - started, told_of(scope)
            _write(scope, request_id, status, seconds, told)
            if meters is not None:
                if watching:
                    meters.watchers.dec()
                meters.request(scope["method"], _group(scope), status, seconds, told)

    return with_log


def _route(scope: Scope) -> str:
    return scope.get("path_template") or NO_ROUTE


def _group(scope: Scope) -> str:
    """The route, with all files of the app as one."""
    handler = scope.get("route_handler")
    return FILES if getattr(handler, "handler_name", "") == "file" else _route(scope)


def _write(scope: HTTPScope, request_id: str, status: int, seconds: float, told: Told) -> None:
    route = _route(scope)
    if route in _QUIET and status < 400:
        return
    who = {"device": told.device, "facility": told.facility} if told.device else {}
    if told.pushed is not None:
        # One line for all that went alike: a line each cost more than the fold of a queue.
        alike: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
        for one in told.pushed.noticed:
            alike[one.kind, one.outcome, one.codes].append(one.operation)
        for (kind, outcome, codes), ids in alike.items():
            log.info(
                "operations",
                request_id=request_id,
                kind=kind,
                outcome=outcome,
                codes=codes,
                operations=ids,
                **who,
            )
    log.info(
        "request",
        request_id=request_id,
        method=scope["method"],
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        **_of_sync(told),
    )


def _of_sync(told: Told) -> dict[str, object]:
    """What a push, a pull or an enrolment adds to its line."""
    more: dict[str, object] = {}
    if told.device:
        more |= {"device": told.device, "facility": told.facility, "user": told.user}
    if told.problem:
        more["problem"] = told.problem
    if told.bytes_in is not None:
        more["bytes_in"] = told.bytes_in
    if told.bytes_out is not None:
        more["bytes_out"] = told.bytes_out
    if told.pulled is not None:
        more["changes"] = told.pulled.changes
    if told.pushed is not None:
        outcomes: Counter[str] = Counter()
        for (_kind, outcome), number in told.pushed.new.items():
            outcomes[outcome] += number
        held = Counter(code for one in told.pushed.noticed if one.outcome == "held" for code in one.codes)
        more["operations"] = sum(outcomes.values()) + told.pushed.replayed
        more["replayed"] = told.pushed.replayed
        more["outcomes"] = dict(outcomes)
        if held:
            more["held"] = dict(held)
    return more
