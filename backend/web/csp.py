"""Security headers on every answer: a strict content policy without unsafe-inline, and what goes with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from backend.settings import Settings

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HTTPS_ONLY = "max-age=31536000"


def security_headers(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    """The hook that sets the headers, but for those that a handler has set already.

    What no handler called cacheable is not stored by browsers and proxies; the service worker keeps copies
    of pages by its own rules, which this does not touch.
    """
    headers = dict(_ALWAYS)
    headers["cache-control"] = "no-store"
    if settings.secure_cookies:
        headers["strict-transport-security"] = _HTTPS_ONLY

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            there = MutableScopeHeaders.from_message(message)
            for name, value in headers.items():
                there.setdefault(name, value)

    return add
