"""Reading people for the pages that administer them: the list, and one person with roles, programs and tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from backend.models import ApiToken, Assignment, Facility, Program, User, UserProgram
from backend.problems import Problem
from backend.services.access import zone_tree

LIST_MAX = 100


@dataclass(frozen=True)
class Role:
    """A role held now; `place` is a facility's code and name, a zone's path, or empty for everywhere."""

    assignment_id: int
    role: str
    place: str
    granted_at: int


@dataclass(frozen=True)
class Person:
    """One user as the list shows them."""

    user_id: int
    name: str
    email: str
    disabled_at: int | None
    has_password: bool
    roles: tuple[Role, ...]


@dataclass(frozen=True)
class Token:
    """A bearer token that is in force."""

    token_id: str
    created_at: int


@dataclass(frozen=True)
class Details:
    """One user in full."""

    person: Person
    programs: tuple[str, ...]
    tokens: tuple[Token, ...]


def find(session: Session, search: str, limit: int = LIST_MAX) -> tuple[list[Person], int]:
    """People whose name or e-mail address holds the text, by name, and how many there are in all."""
    pattern = "%" + search.strip().lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    matching = or_(
        func.lower(col(User.name)).like(pattern, escape="\\"),
        func.lower(col(User.email)).like(pattern, escape="\\"),
    )
    rows = session.exec(select(User).where(matching).order_by(col(User.name)).limit(limit)).all()
    total = session.exec(select(func.count()).select_from(User).where(matching)).one()
    return _people(session, rows), total


def details(session: Session, user_id: int) -> Details:
    """One person. Raises Problem 404 `unknown_user`."""
    user = session.get(User, user_id)
    if user is None:
        raise Problem(404, "unknown_user", "There is no such user.")
    programs = session.exec(
        select(Program.code)
        .join(UserProgram, col(UserProgram.program_id) == col(Program.id))
        .where(UserProgram.user_id == user_id)
        .order_by(Program.code)
    ).all()
    tokens = session.exec(
        select(ApiToken)
        .where(ApiToken.user_id == user_id, col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id))
    ).all()
    return Details(
        _people(session, [user])[0], tuple(programs), tuple(Token(one.id, one.created_at) for one in tokens)
    )


def _people(session: Session, users: Sequence[User]) -> list[Person]:
    held = session.exec(
        select(Assignment)
        .where(
            col(Assignment.user_id).in_([user.id for user in users]), col(Assignment.withdrawn_at).is_(None)
        )
        .order_by(col(Assignment.id))
    ).all()
    facilities = dict(
        session.exec(
            select(Facility.id, col(Facility.code) + " " + col(Facility.name)).where(
                col(Facility.id).in_([one.facility_id for one in held if one.facility_id is not None])
            )
        ).all()
    )
    tree = zone_tree(session) if any(one.zone_id is not None for one in held) else None
    roles: dict[int, list[Role]] = defaultdict(list)
    for one in held:
        place = ""
        if one.facility_id is not None:
            place = facilities[one.facility_id]
        elif one.zone_id is not None and tree is not None:
            place = tree.path(one.zone_id)
        roles[one.user_id].append(Role(one.id or 0, one.role, place, one.granted_at))
    return [
        Person(
            user.id or 0,
            user.name,
            user.email,
            user.disabled_at,
            bool(user.password_hash),
            tuple(roles[user.id or 0]),
        )
        for user in users
    ]
