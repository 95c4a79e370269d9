"""PURE: pull cursors. Opaque to devices; inside, the epoch, one number per scope, and when it was given out.

Cursors are numbers given out in commit order, never clocks: the time only tells what an author could
have known (`seen`), for that is a bound on when an operation was recorded. Members may be added, never taken
away or given another meaning: a cursor that was given out can be read for ever.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Access = Literal[0, 1, 2]

NOT_TOLD: Access = 0
GRANTED: Access = 1
WITHDRAWN: Access = 2

VIEWS_MAX = 16


class View(Struct, frozen=True, array_like=True, gc=False):
    """What a facility sees of shared data follows from this alone, but for the products on its cards.

    Its type, its zone, who supplies it (0: nobody), and whether the products approved for its type narrow
    its catalogue.
    """

    type: Number
    zone: Number
    supplier: Number
    narrowed: bool


class Cursor(Struct, frozen=True, omit_defaults=True, gc=False):
    """`shared` and `facilities` are the last change numbers that were delivered; `answered_at` UTC milliseconds.

    The device has the shared rows up to `shared` as they are seen from `view`. While all are being sent again,
    it also has those up to `base` as they were seen from the views `was`; in a first pull that is nothing. Of
    the facility's rows it had nothing up to `own_base` when it began to pull them. `access` is what it was told.
    """

    epoch: str
    shared: Number = 0
    facilities: dict[str, Number] = {}
    answered_at: Number = 0
    view: View | None = None
    base: Number = 0
    was: Annotated[tuple[View, ...], Meta(max_length=VIEWS_MAX)] = ()
    own_base: Number = 0
    access: Access = NOT_TOLD

    def encode(self) -> str:
        """The text that a device keeps and sends back."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()

    def again(self, newest: int) -> Cursor:
        """The same device, to be sent all shared rows again; `newest` is the newest there is."""
        if self.view is None:
            # One that had nothing yet needs no word of what it does not see; of what a cursor from before
            # views had, nobody knows more than that it may be anything.
            known = {"base": 0 if self.shared else newest, "was": ()}
        else:
            known = {
                "base": max(self.shared, self.base),
                "was": tuple(dict.fromkeys((*self.was, self.view))),
            }
        return msgspec.structs.replace(self, shared=0, **known)


def decode(text: str) -> Cursor:
    """The cursor in a text. Raises ValueError for what this server never gave out."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ValueError("the cursor cannot be read") from error


def seen(text: str | None, epoch: str) -> Cursor:
    """What the author of an operation had pulled; an empty cursor for nothing, or for one of another life."""
    nothing = Cursor(epoch)
    if text is None:
        return nothing
    try:
        cursor = decode(text)
    except ValueError:
        return nothing
    return cursor if cursor.epoch == epoch else nothing
