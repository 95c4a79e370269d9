"""Bearer tokens of the read API: a signed id, whose row says whose it is and whether it was revoked."""

from __future__ import annotations

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session

from backend.ids import Ids
from backend.models import ApiToken, User
from backend.problems import Problem
from backend.settings import Settings

TOKEN_LENGTH_MAX = 512


def _serializer(settings: Settings) -> URLSafeSerializer:
    if not settings.secret_key:
        raise RuntimeError("no secret key: call backend.keys.with_secret_key first")
    return URLSafeSerializer(
        settings.secret_key,
        salt="bincard.api-token",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def create(session: Session, settings: Settings, *, user_id: int, now: int, ids: Ids) -> tuple[str, str]:
    """A new token for a user: its id and the bearer text, which is not kept and cannot be shown again.

    Raises Problem 404 `unknown_user` and 409 `user_disabled`.
    """
    user = session.get(User, user_id)
    if user is None:
        raise Problem(404, "unknown_user", "There is no such user.")
    if user.disabled_at is not None:
        raise Problem(409, "user_disabled", "This user is disabled.")
    token = ApiToken(id=ids(), user_id=user_id, created_at=now)
    session.add(token)
    session.flush()
    text = _serializer(settings).dumps(token.id)
    return token.id, text if isinstance(text, str) else text.decode()


def revoke(session: Session, token_id: str, now: int) -> None:
    """End a token; doing it again changes nothing. Raises Problem 404 `unknown_token`."""
    token = session.get(ApiToken, token_id)
    if token is None:
        raise Problem(404, "unknown_token", "There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = now


def user_of(session: Session, settings: Settings, text: str) -> int | None:
    """The user a bearer text stands for; None when it is not ours, was altered, or is revoked."""
    if len(text) > TOKEN_LENGTH_MAX:
        return None
    try:
        token_id = _serializer(settings).loads(text)
    except BadSignature:
        return None
    token = session.get(ApiToken, token_id) if isinstance(token_id, str) else None
    return token.user_id if token is not None and token.revoked_at is None else None
