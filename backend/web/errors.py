"""Errors in one shape: application/problem+json (RFC 9457) for programs, a page or a fragment for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from backend.problems import Problem
from backend.told import told_of
from backend.web.pages import go_to, is_partial, page
from backend.web.traces import trace_of
from backend.words import N_

MEDIA_TYPE = "application/problem+json"
PAGES = "/manage"
SIGN_IN = "/manage/sign-in"

_KINDS = {
    400: ("bad_request", N_("The request cannot be read.")),
    401: ("not_signed_in", N_("Sign in first.")),
    403: ("not_permitted", N_("You have no right to this.")),
    404: ("not_found", N_("There is nothing here.")),
    405: ("method_not_allowed", N_("This cannot be done here.")),
    413: ("too_large", N_("This is too large to be taken.")),
    415: ("unsupported_media_type", N_("This kind of content is not taken here.")),
    500: ("internal", N_("Something went wrong on the server. It has been noted.")),
    503: ("unavailable", N_("The server cannot answer just now. Try again in a moment.")),
}

log = structlog.get_logger("bincard.errors")


def _problem_of(request: Request[Any, Any, Any], exc: Exception) -> Problem:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, HTTPException):
        return _from_http(exc)
    # The text of an exception may hold a person's data; the log has the type and where it was raised.
    log.error("unexpected", request_id=_request_id(request), **trace_of(exc))
    kind, detail = _KINDS[500]
    return Problem(500, kind, detail, extra={"request_id": _request_id(request)})


def _from_http(exc: HTTPException) -> Problem:
    status = exc.status_code
    kind, detail = _KINDS.get(status, ("http_" + str(status), HTTPStatus(status).phrase))
    extra: dict[str, object] = {}
    if status == 400 and isinstance(exc.extra, list) and exc.extra:
        kind, detail = "invalid", N_("Something in the request is not as it should be.")
        extra["errors"] = [
            {"field": str(one.get("key", "")), "message": str(one.get("message", ""))}
            for one in exc.extra
            if isinstance(one, dict)
        ]
    return Problem(status, kind, detail, extra=extra, headers=exc.headers)


def _request_id(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("bincard_request_id", ""))


def _for_people(request: Request[Any, Any, Any]) -> bool:
    path = request.scope["path"]
    below = path == PAGES or path.startswith(PAGES + "/")
    return below and "authorization" not in request.headers and not path.endswith(".json")


def answer(request: Request[Any, Any, Any], exc: Exception) -> Response[Any]:
    """The answer to an error: to a program, to a person's browser, or to htmx inside a page."""
    problem = _problem_of(request, exc)
    told_of(request.scope).problem = problem.kind
    if not _for_people(request):
        return Response(
            problem.body(), status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
        )
    if problem.kind == "not_signed_in":
        return _to_sign_in(request)
    template = "problem_part.html" if is_partial(request) else "problem.html"
    return page(
        request,
        template,
        status=problem.status,
        headers=problem.headers,
        problem=problem,
        request_id=_request_id(request),
    )


def _to_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    query = request.scope["query_string"].decode("latin-1")
    wanted = request.scope["path"] + (f"?{query}" if query else "")
    # What was being sent is gone anyway: after signing in the way leads to a page, never to an action.
    suffix = f"?next={quote(wanted, safe='/')}" if request.method == "GET" else ""
    if request.headers.get("hx-request") == "true":
        # A redirect would be followed unseen and the sign-in form put into a corner of the page.
        return Response(b"", status_code=401, headers={"hx-redirect": SIGN_IN}, media_type=MediaType.HTML)
    return go_to(SIGN_IN + suffix)


exception_handlers: ExceptionHandlersMap = {
    Problem: answer,
    HTTPException: answer,
    Exception: answer,
}
