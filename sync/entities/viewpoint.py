"""Who pulls, from where, and what they have already: what each entity needs to know to find its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, false, or_, select
from sqlmodel import Session, col

from backend.models import Approval, Product
from sync.cursor import View

Change = dict[str, object]
Found = tuple[int, Change | None]
"""(change number, what is sent); None where this device gets nothing of it."""


@dataclass(frozen=True)
class Viewpoint:
    """The session of one snapshot, the device's facility, and when.

    `view`, `base`, `was` and `own_base` are as in sync.cursor.Cursor; the device has the facility's own rows
    up to the number `pulled`.
    """

    session: Session
    facility_id: int
    facility_code: str
    now: int
    view: View
    base: int
    was: tuple[View, ...]
    pulled: int
    own_base: int


Feed = Callable[[Viewpoint, int, int], Iterator[Found]]
"""One entity: what changed of it after a number, in order, at most `limit` changes."""


def upsert(entity: str, key: str, row: dict[str, object]) -> Change:
    """A row in its newest state."""
    return {"entity": entity, "key": key, "row": row}


def gone(entity: str, key: str) -> Change:
    """A row that was deleted, or that the facility sees no more."""
    return {"entity": entity, "key": key, "deleted": True}


def any_of(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether one of them holds; none of none does."""
    return or_(false(), *conditions)


def approved_for(type_id: int) -> ColumnElement[bool]:
    """Whether any program approves a product for a facility type; an approval without a type is for all."""
    return exists(
        select(col(Approval.id)).where(col(Approval.product_id) == col(Product.id), for_type(type_id))
    )


def for_type(type_id: int) -> ColumnElement[bool]:
    """Whether an approval is for a facility type."""
    return or_(col(Approval.facility_type_id).is_(None), col(Approval.facility_type_id) == type_id)
