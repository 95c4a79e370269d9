"""Messages from those who look after a facility to its people, perhaps about a product, and who read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlmodel import Session, col

from backend.ids import uuid7
from backend.models import Feedback, Register
from backend.problems import Problem
from backend.services.changes import Numbers
from backend.services.sight import Country, Item, Place, Sight
from sync.registers import FEEDBACK

TEXT_MAX = 2000
MESSAGES_MAX = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `read_at` None while nobody of the facility has said that they read it."""

    id: str
    text: str
    author: str
    at: int
    about: Item | None
    read_at: int | None
    read_by: str


@dataclass(frozen=True, slots=True)
class MessagesPage:
    """A facility's messages, newest first; `about` is the product that a new one would be about."""

    place: Place
    way: Sequence[tuple[int, str]]
    about: Item | None
    messages: Sequence[Message]


def messages_page(session: Session, sight: Sight, code: str, about: str = "") -> MessagesPage:
    """Messages to a facility, but for those about products out of sight. Raises Problem 404 out of sight."""
    country = Country(session, sight)
    place = country.place(code)
    statement = (
        select(Feedback, col(Register.effective_at), col(Register.value))
        .outerjoin(Register, _read())
        .where(col(Feedback.facility_id) == place.id)
        .order_by(col(Feedback.at).desc(), col(Feedback.id).desc())
        .limit(MESSAGES_MAX)
    )
    messages = [
        Message(
            row.id,
            row.text,
            row.author,
            row.at,
            None if row.product_id is None else country.items[row.product_id],
            read_at,
            "" if value is None else msgspec.json.decode(value, type=dict[str, str]).get("author", ""),
        )
        for row, read_at, value in session.execute(statement)
        if row.product_id is None or row.product_id in country.items
    ]
    item = country.item(about) if about else None
    return MessagesPage(place, country.way(place.zone_id), item, messages)


def count_unread(session: Session, facility_id: int) -> int:
    """How many messages to a facility nobody there has read."""
    statement = (
        select(func.count())
        .select_from(Feedback)
        .outerjoin(Register, _read())
        .where(col(Feedback.facility_id) == facility_id, col(Register.key).is_(None))
    )
    return int(session.execute(statement).scalar_one())


def write_message(
    session: Session, facility_id: int, *, text: str, product_id: int | None, by: str, now: int
) -> None:
    """Write to a facility: its tablets show it at their next sync. Raises Problem 422 for an empty or too long text."""
    if not text.strip():
        raise Problem(422, "no_text", "Write something first.")
    if len(text.strip()) > TEXT_MAX:
        raise Problem(422, "too_long", "This text is too long.")
    numbers = Numbers(session.connection(), facility_id)
    session.add(
        Feedback(
            facility_id=facility_id,
            id=uuid7(now),
            text=text.strip(),
            author=by,
            at=now,
            product_id=product_id,
            change=numbers.next(),
        )
    )
    numbers.save()


def _read() -> ColumnElement[bool]:
    return and_(
        col(Register.facility_id) == col(Feedback.facility_id),
        col(Register.name) == FEEDBACK,
        col(Register.key) == literal('["') + col(Feedback.id) + literal('"]'),
    )
