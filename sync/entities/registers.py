"""Rows of the facility that operations set: locations, identifiers, preferences, answers to recalls; and feedback.

`told` is the place of what stands, [effective_at in UTC milliseconds, operation id]: a device that has something
newer of its own can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from sqlalchemy import and_, case, func, literal, select
from sqlmodel import col

from backend.clock import to_iso
from backend.models import Feedback, Product, Register
from sync.entities.viewpoint import Found, Viewpoint, upsert
from sync.packing import key_of
from sync.registers import ANSWER, FEEDBACK, IDENTIFIER, LOCATION, PREFERENCE

Row = dict[str, object]


def _location(key: list[str], value: Any) -> Row:
    return {"code": key[0], "name": value["name"], "active": value["active"]}


def _identifier(key: list[str], value: Any) -> Row:
    return {"system": key[0], "value": key[1], "product": value["product"], "active": value["active"]}


def _preference(key: list[str], value: Any) -> Row:
    return {"user": key[0], "key": key[1], "value": value}


def _answer(key: list[str], value: Any) -> Row:
    return {"recall": key[0], "product": key[1], "lot": key[2], **value}


ROWS: dict[str, Callable[[list[str], Any], Row]] = {
    LOCATION: _location,
    IDENTIFIER: _identifier,
    PREFERENCE: _preference,
    ANSWER: _answer,
}


def registers(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """All registers that are entities of their own, in one look."""
    statement = (
        select(
            *(col(Register.change), col(Register.name), col(Register.key), col(Register.value)),
            *(col(Register.effective_at), col(Register.operation_id)),
        )
        .where(
            col(Register.facility_id) == at.facility_id,
            col(Register.change) > after,
            col(Register.name).in_(sorted(ROWS)),
        )
        .order_by(col(Register.change))
        .limit(limit)
    )
    for change, name, key, value, effective_at, operation in at.session.execute(statement):
        row = ROWS[name](msgspec.json.decode(key), msgspec.json.decode(value))
        row["told"] = [effective_at, operation]
        yield change, upsert(name, key_of(name, row), row)


def feedback(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """What managers wrote to the facility, and when it was last read there."""
    read = and_(
        col(Register.facility_id) == col(Feedback.facility_id),
        col(Register.name) == FEEDBACK,
        col(Register.key) == literal('["') + col(Feedback.id) + literal('"]'),
    )
    read_change = func.coalesce(col(Register.change), 0)
    change = case((col(Feedback.change) > read_change, col(Feedback.change)), else_=read_change)
    statement = (
        select(change, Feedback, col(Product.code), col(Register.effective_at))
        .outerjoin(Register, read)
        .outerjoin(Product, col(Product.id) == col(Feedback.product_id))
        .where(col(Feedback.facility_id) == at.facility_id, change > after)
        .order_by(change)
        .limit(limit)
    )
    for number, row, product, read_at in at.session.execute(statement):
        seen: Row = {
            "id": row.id,
            "text": row.text,
            "author": row.author,
            "at": to_iso(row.at),
            "about": product or "",
            "read_at": None if read_at is None else to_iso(read_at),
        }
        yield number, upsert("feedback", row.id, seen)
