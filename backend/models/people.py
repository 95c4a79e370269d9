"""Who: users, what they may do where and since when, their sessions, tokens and wrong passwords."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

from backend.models.base import Part, Shared, big


class User(Shared, table=True):
    """A person. `name` is what they sign in with; it is never reused and signs their operations."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64, unique=True)
    email: str = Field(default="", max_length=254)
    password_hash: str = Field(default="", max_length=200)
    language: str = Field(default="", max_length=8)
    created_at: int = big()
    disabled_at: int | None = big(None, nullable=True)


class Assignment(Part, table=True):
    """A role held at a place, from granted_at until withdrawn_at.

    The place is a facility, a zone with everything below it, or (both empty) everywhere. Rows are
    closed, never deleted: an operation that arrives late is judged by the rights of its own time.
    """

    __table_args__ = (CheckConstraint("facility_id IS NULL OR zone_id IS NULL", name="one_place"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    role: str = Field(max_length=32)
    facility_id: int | None = Field(default=None, foreign_key="facility.id", index=True)
    zone_id: int | None = Field(default=None, foreign_key="zone.id", index=True)
    granted_at: int = big()
    withdrawn_at: int | None = big(None, nullable=True)

    def owner(self, session: Session) -> Shared | None:
        """The person who holds it."""
        return session.get(User, self.user_id)


class UserProgram(SQLModel, table=True):
    """Programs a person is narrowed to; no row means all."""

    __tablename__ = "user_program"

    user_id: int = Field(foreign_key="user.id", primary_key=True)
    program_id: int = Field(foreign_key="program.id", primary_key=True)


class WebSession(SQLModel, table=True):
    """A signed-in browser; the cookie's secret is kept only as its SHA-256."""

    __tablename__ = "web_session"

    secret_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user.id", index=True)
    created_at: int = big()
    last_used_at: int = big()
    expires_at: int = big(index=True)


class ApiToken(SQLModel, table=True):
    """A bearer token of the read API; revoked, never deleted."""

    __tablename__ = "api_token"

    id: str = Field(primary_key=True, max_length=36)
    user_id: int = Field(foreign_key="user.id", index=True)
    created_at: int = big()
    revoked_at: int | None = big(None, nullable=True)


class SignInFailure(SQLModel, table=True):
    """A wrong password, kept for as long as it counts against the next try."""

    __tablename__ = "sign_in_failure"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64, index=True)
    address: str = Field(max_length=64, index=True)
    failed_at: int = big(index=True)
