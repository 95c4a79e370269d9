"""Lists in pages: `{"items": [...], "next": cursor or null}`, by the key of the last row, never by an offset."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from litestar.params import QueryParameter
from msgspec import Struct
from sqlalchemy import literal, true, tuple_

from backend.problems import Problem

T = TypeVar("T")
Row = TypeVar("Row")
Key = tuple[str | int, ...]

LIMIT_MAX = 1000
LIMIT_DEFAULT = 100
_CURSOR_LENGTH_MAX = 1000
_INT_MAX = 2**31 - 1

Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX, description="Rows at most in this page.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=_CURSOR_LENGTH_MAX, description="`next` of the page before; it means nothing else."
    ),
]
Code = Annotated[str | None, QueryParameter(max_length=64)]


class Page(Struct, Generic[T]):
    """Some rows of a list; `next` is the cursor of those that follow, null at the end."""

    items: list[T]
    next: str | None


def after(cursor: str | None, of: str, *shape: type) -> Key | None:
    """The key that a page starts after; None for the first page.

    `of` names the list and `shape` the types of its key. Raises Problem 400 `bad_cursor` for anything
    that this list did not give out.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        name, *key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _bad_cursor() from None
    if name != of or len(key) != len(shape) or not all(map(_fits, key, shape)):
        raise _bad_cursor()
    return tuple(key)


def _fits(value: object, kind: type) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, int):
        return 0 <= value <= _INT_MAX
    return isinstance(value, str) and len(value) <= 64 and value.isprintable()


def _bad_cursor() -> Problem:
    return Problem(400, "bad_cursor", "This cursor was not given out by this list.")


def paged(
    rows: Sequence[Row], limit: int, of: str, key: Callable[[Row], Key], shown: Callable[[Row], T]
) -> Page[T]:
    """A page of the rows, of which one more than `limit` was read to know whether others follow."""
    kept = rows[:limit]
    following = _cursor(of, key(kept[-1])) if len(rows) > limit and kept else None
    return Page([shown(row) for row in kept], following)


def _cursor(of: str, key: Key) -> str:
    text = json.dumps([of, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def past(columns: Sequence[Any], key: Key | None) -> Any:
    """The condition for rows after a key, in the order of the columns."""
    if key is None:
        return true()
    if len(columns) == 1:
        return columns[0] > key[0]
    return tuple_(*columns) > tuple_(*(literal(one) for one in key))
