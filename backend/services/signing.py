"""Signed texts that this server can tell as its own: device and API tokens are signed ids of rows."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from backend.settings import Settings

TOKEN_LENGTH_MAX = 512


def sign(settings: Settings, purpose: str, value: str) -> str:
    """The value with a signature that holds for this purpose only."""
    return str(_serializer(settings, purpose).dumps(value))


def signed_value(settings: Settings, purpose: str, token: str) -> str | None:
    """The value in a token of this purpose; None for what was not signed here."""
    if len(token) > TOKEN_LENGTH_MAX:
        return None
    try:
        value = _serializer(settings, purpose).loads(token)
    except BadSignature:
        return None
    return value if isinstance(value, str) else None


def _serializer(settings: Settings, purpose: str) -> URLSafeSerializer:
    if not settings.secret_key:
        raise RuntimeError("no secret key: call backend.keys.with_secret_key first")
    return URLSafeSerializer(
        settings.secret_key,
        salt=f"bincard.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
