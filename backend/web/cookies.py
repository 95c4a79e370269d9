"""The cookies: one that says who is signed in, one that says which language was chosen."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.datastructures import Cookie

from backend.services.web_sessions import AGE_MAX_MS
from backend.settings import Settings

LANGUAGE = "bincard_language"
_SESSION = "bincard_session"
_SECRET_LENGTH_MAX = 128
_YEAR_S = 365 * 24 * 3600


def _session_name(settings: Settings) -> str:
    # The prefix makes browsers refuse one set by a sibling domain or over plain HTTP, which HTTPS alone allows.
    return f"__Host-{_SESSION}" if settings.secure_cookies else _SESSION


def session_secret(cookies: Mapping[str, str], settings: Settings) -> str | None:
    """The secret of the session cookie that came with a request, if one did."""
    secret = cookies.get(_session_name(settings))
    return secret if secret and len(secret) <= _SECRET_LENGTH_MAX else None


def session_cookie(secret: str, settings: Settings) -> Cookie:
    """The cookie of a session. The server alone decides how long it is good for; the browser keeps it longer."""
    return Cookie(
        key=_session_name(settings),
        value=secret,
        max_age=AGE_MAX_MS // 1000,
        path="/",
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
    )


def no_session_cookie(settings: Settings) -> Cookie:
    """What makes the browser forget its session cookie."""
    cookie = session_cookie("", settings)
    cookie.max_age = 0
    return cookie


def language_cookie(language: str, settings: Settings) -> Cookie:
    """The cookie of a language chosen on an open page."""
    return Cookie(
        key=LANGUAGE,
        value=language,
        max_age=_YEAR_S,
        path="/",
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
    )
