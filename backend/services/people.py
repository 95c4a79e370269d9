"""Users and their roles: add, set a password, disable and enable, grant and withdraw, narrow to programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from backend.domain.roles import ROLES
from backend.models import ApiToken, Assignment, User, UserProgram, WebSession
from backend.problems import Problem
from backend.services import passwords

NAME_LENGTH_MAX = 64
EMAIL_LENGTH_MAX = 254
LANGUAGES = ("", "en", "fr")


def add_user(
    session: Session, *, name: str, password: str | None, now: int, email: str = "", language: str = ""
) -> int:
    """Add a person who may sign in; without a password only after one is set. Returns the user id.

    Raises Problem 422 for a name or an address that cannot be, 409 `name_taken` also for a name that
    differs from another only in capitals, since people type names with and without them.
    """
    name = _acceptable_name(name)
    email = email.strip()
    if len(email) > EMAIL_LENGTH_MAX or (email and "@" not in email):
        raise Problem(422, "bad_email", "This is not an e-mail address.")
    if language not in LANGUAGES:
        raise Problem(422, "bad_language", "There is no such language here.")
    taken = session.exec(select(User.id).where(func.lower(col(User.name)) == func.lower(name))).first()
    if taken is not None:
        raise Problem(409, "name_taken", "There is a user with this name already.")
    if password is not None:
        passwords.require_acceptable(password, name=name)
    user = User(
        name=name,
        email=email,
        language=language,
        created_at=now,
        password_hash=passwords.hashed(password) if password is not None else "",
    )
    session.add(user)
    session.flush()
    assert user.id is not None
    return user.id


def _acceptable_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip()
    printable = all(unicodedata.category(letter)[0] not in "CZ" or letter == " " for letter in name)
    if not name or len(name) > NAME_LENGTH_MAX or not printable or "  " in name:
        raise Problem(
            422, "bad_name", "A user name has 1 to 64 letters, digits and signs, and no double blank."
        )
    return name


def user_id_of(session: Session, name: str) -> int:
    """The id of the user with this name. Raises Problem 404 `unknown_user`."""
    found = session.exec(select(User.id).where(User.name == name.strip())).first()
    if found is None:
        raise Problem(404, "unknown_user", "There is no user with this name.")
    return found


def _user(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise Problem(404, "unknown_user", "There is no such user.")
    return user


def set_password(session: Session, user_id: int, password: str) -> None:
    """Set a new password and sign the person out everywhere. Raises Problem 422 `weak_password`."""
    user = _user(session, user_id)
    passwords.require_acceptable(password, name=user.name)
    user.password_hash = passwords.hashed(password)
    sign_out_everywhere(session, user_id)


def sign_out_everywhere(session: Session, user_id: int) -> int:
    """End all browser sessions of a person; returns how many there were."""
    result = session.execute(delete(WebSession).where(col(WebSession.user_id) == user_id))
    return int(result.rowcount)  # type: ignore[attr-defined]


def disable(session: Session, user_id: int, now: int) -> None:
    """Shut a person out from now on: sessions end, tokens are revoked, what was recorded before stays valid."""
    user = _user(session, user_id)
    if user.disabled_at is None:
        user.disabled_at = now
    sign_out_everywhere(session, user_id)
    for token in session.exec(select(ApiToken).where(ApiToken.user_id == user_id)).all():
        if token.revoked_at is None:
            token.revoked_at = now


def enable(session: Session, user_id: int) -> None:
    """Let a disabled person in again; their tokens stay revoked."""
    _user(session, user_id).disabled_at = None


def grant(
    session: Session,
    user_id: int,
    role: str,
    *,
    now: int,
    facility_id: int | None = None,
    zone_id: int | None = None,
) -> int:
    """Give a role at a facility, in a zone with all below it, or (neither) everywhere. Returns the assignment id.

    Granting what is held already changes nothing. Raises Problem 422 `unknown_role`.
    """
    user = _user(session, user_id)
    if role not in ROLES:
        raise Problem(422, "unknown_role", "There is no such role.", extra={"roles": list(ROLES)})
    if facility_id is not None and zone_id is not None:
        raise Problem(422, "one_place", "A role is held at a facility or in a zone, not both.")
    held = session.exec(
        select(Assignment).where(
            Assignment.user_id == user_id,
            Assignment.role == role,
            col(Assignment.facility_id).is_not_distinct_from(facility_id),
            col(Assignment.zone_id).is_not_distinct_from(zone_id),
            col(Assignment.withdrawn_at).is_(None),
        )
    ).first()
    if held is None:
        held = Assignment(
            user_id=user_id, role=role, facility_id=facility_id, zone_id=zone_id, granted_at=now
        )
        session.add(held)
        _tell_devices(user)
        session.flush()
    assert held.id is not None
    return held.id


def withdraw(session: Session, assignment_id: int, now: int) -> None:
    """Take a role back from now on; the row stays, since late operations are judged by the rights of their time."""
    held = session.get(Assignment, assignment_id)
    if held is None:
        raise Problem(404, "unknown_assignment", "There is no such assignment.")
    if held.withdrawn_at is None:
        held.withdrawn_at = now
        _tell_devices(_user(session, held.user_id))


def _tell_devices(user: User) -> None:
    # Devices pull what a person may do with the person's row: any other number makes it a changed one.
    user.change = -1


def narrow(session: Session, user_id: int, program_ids: Iterable[int]) -> None:
    """Narrow a person to these programs; none means all programs."""
    _user(session, user_id)
    session.execute(delete(UserProgram).where(col(UserProgram.user_id) == user_id))
    session.add_all(
        UserProgram(user_id=user_id, program_id=program_id) for program_id in sorted(set(program_ids))
    )
    session.flush()
