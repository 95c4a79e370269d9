"""Refuses addresses that no database could look up: a NUL, or bytes that are no UTF-8, in path or query."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from backend.problems import Problem

_LENGTH_MAX = 4096


def refuse_unreadable(app: ASGIApp) -> ASGIApp:
    """The middleware, which raises Problem 400 `bad_request` or 414 `address_too_long`."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            raw = scope["raw_path"] + b"?" + scope["query_string"]
            if len(raw) > _LENGTH_MAX:
                raise Problem(414, "address_too_long", "The address is too long.")
            if not _is_text(unquote_to_bytes(raw)):
                raise Problem(400, "bad_request", "The address holds what is no text.")
        await app(scope, receive, send)

    return middleware


def _is_text(raw: bytes) -> bool:
    try:
        return "\x00" not in raw.decode()
    except UnicodeDecodeError:
        return False
