"""Bearer tokens of the read API: a signed id, whose row says whose it is and whether it was revoked."""

from __future__ import annotations

from sqlmodel import Session

from backend.ids import Ids
from backend.models import ApiToken, User
from backend.problems import Problem
from backend.services.signing import sign, signed_value
from backend.settings import Settings

PURPOSE = "api-token"


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
    return token.id, sign(settings, PURPOSE, token.id)


def revoke(session: Session, token_id: str, now: int) -> None:
    """End a token; doing it again changes nothing. Raises Problem 404 `unknown_token`."""
    token = session.get(ApiToken, token_id)
    if token is None:
        raise Problem(404, "unknown_token", "There is no such token.")
    if token.revoked_at is None:
        token.revoked_at = now


def user_of(session: Session, settings: Settings, text: str) -> int | None:
    """The user a bearer text stands for; None when it is not ours, was altered, or is revoked."""
    token_id = signed_value(settings, PURPOSE, text)
    token = session.get(ApiToken, token_id) if token_id is not None else None
    return token.user_id if token is not None and token.revoked_at is None else None
