"""PURE: pull cursors. Opaque to devices; inside, the epoch, one number per scope, and when it was given out.

Cursors are numbers given out in commit order, never clocks: the time only tells what an author could
have known (`seen`), for that is a bound on when an operation was recorded.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Cursor(Struct, gc=False):
    """`shared` and `facilities` are the last change numbers that were delivered; `answered_at` UTC milliseconds.

    `place` is the change number of the facility's own row: what a device sees of shared data follows from it.
    """

    epoch: str
    shared: Number = 0
    facilities: dict[str, Number] = {}
    answered_at: Number = 0
    place: Number = 0

    def encode(self) -> str:
        """The text that a device keeps and sends back."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


def decode(text: str) -> Cursor:
    """The cursor in a text. Raises ValueError for what this server never gave out."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError("the cursor cannot be read") from error


def seen_at(text: str | None, epoch: str) -> int | None:
    """When the pull behind an operation's `seen` was answered; None for no cursor, or one of another life."""
    if text is None:
        return None
    try:
        cursor = decode(text)
    except ValueError:
        return None
    return cursor.answered_at if cursor.epoch == epoch else None
