"""Gives up a request whose body takes too long to arrive, and one whose client hung up half way.

A body that trickles in for ever would otherwise hold a line and a task for as long as its sender likes. The
limit is on the body as a whole (BINCARD_REQUEST_SECONDS), wide enough for a megabyte over a slow mobile line.
What comes after the body, such as waiting for the end of a live feed, is not bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send, WebSocketReceiveMessage

from backend.problems import Problem


def give_up_slow_bodies(seconds: float) -> Callable[[ASGIApp], ASGIApp]:
    """The middleware, which raises Problem 408 `too_slow` or 400 `hung_up` where the handler reads the body."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await app(scope, receive, send)
                return
            deadline = asyncio.get_running_loop().time() + seconds
            whole = False

            async def in_time() -> HTTPReceiveMessage | WebSocketReceiveMessage:
                nonlocal whole
                if whole:
                    return await receive()
                try:
                    async with asyncio.timeout_at(deadline):
                        message = await receive()
                except TimeoutError:
                    # The line goes with it: what is still to come would be taken for the next request.
                    closing = {"Connection": "close"}
                    raise Problem(408, "too_slow", "The request took too long.", headers=closing) from None
                if message["type"] == "http.disconnect":
                    raise Problem(400, "hung_up", "The request ended too early.")
                whole = message["type"] != "http.request" or not message.get("more_body", False)
                return message

            await app(scope, in_time, send)

        return middleware

    return wrap
