"""PURE: the typed bodies of operations, as PROTOCOL.md describes them, with their limits.

A body is never changed once a release has sent it. What is absent has a default; what is not named here is
ignored, so that an older server takes a newer device's optional members.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

QUANTITY_MAX = 10**9
LINES_MAX = 200
PERSON_VALUE_BYTES_MAX = 8 * 1024
PERSON_VALUE_DEPTH_MAX = 16

NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Meta(max_length=400, pattern=NO_NUL)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Place = Annotated[str, Meta(max_length=64, pattern=NO_NUL)]
OperationId = Annotated[
    str, Meta(max_length=36, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Counted = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
Stage = Annotated[int, Meta(ge=1, le=4)]
Signed = Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]


class Header(Struct, gc=False):
    """What every operation says of itself; the body is read by its kind."""

    id: str
    kind: Name
    version: Annotated[int, Meta(ge=1, le=10_000)]
    facility: Name
    author: Name
    recorded_at: Annotated[str, Meta(max_length=40)]
    occurred_at: Annotated[str, Meta(max_length=40)]
    body: Raw
    offset_ms: Annotated[int, Meta(ge=-(10**14), le=10**14)] | None = None
    seen: Annotated[str, Meta(max_length=100_000)] | None = None


class LotRef(Struct, gc=False):
    """A lot as it stands on the box."""

    number: Name
    expiry: date | None = None


class OnCard(Struct, kw_only=True):
    """The card that a line is on, and the VVM stage seen there."""

    product: Name
    lot: LotRef | None = None
    location: Place = ""
    account: Place = ""
    vvm: Stage | None = None


class MovedLine(OnCard, kw_only=True):
    """A line of an issue."""

    quantity: Quantity


class ReceivedLine(MovedLine, kw_only=True):
    """A line of a receipt, and what the shipment's paper said."""

    shipped_quantity: Counted | None = None


class DispensedLine(MovedLine, kw_only=True):
    """A line of a dispensing."""

    directions: Text = ""
    days: Annotated[int, Meta(ge=0, le=3660)] | None = None


class AdjustedLine(OnCard, kw_only=True):
    """A line of an adjustment: the sign rules, the reason explains."""

    quantity: Signed
    reason: Name

    def __post_init__(self) -> None:
        if self.quantity == 0:
            raise ValueError("an adjustment of 0 changes nothing")


class CountReason(Struct):
    """Part of a count's difference that the counter can explain."""

    reason: Name
    quantity: Signed


class CountedLine(OnCard, kw_only=True):
    """A line of a count: what stood on the shelf."""

    counted: Counted
    reasons: Annotated[list[CountReason], Meta(max_length=20)] = []


class Source(Struct):
    """Where a receipt came from: exactly one of the three."""

    facility: Name | None = None
    supplier: Name | None = None
    donor: Name | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.facility, self.supplier, self.donor)) != 1:
            raise ValueError("a source is a facility, a supplier or a donor")


class FirstDestination(Struct):
    """Where an issue of version 1 went: exactly one of the two."""

    ward: Name | None = None
    facility: Name | None = None

    def __post_init__(self) -> None:
        if (self.ward is None) == (self.facility is None):
            raise ValueError("a destination is a ward or a facility")


class Destination(Struct):
    """Where an issue went: exactly one of the three."""

    ward: Name | None = None
    facility: Name | None = None
    supplier: Name | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.ward, self.facility, self.supplier)) != 1:
            raise ValueError("a destination is a ward, a facility or a supplier")


class Receive(Struct, kw_only=True):
    """`stock.receive`: what came in."""

    source: Source
    lines: Annotated[list[ReceivedLine], Meta(min_length=1, max_length=LINES_MAX)]
    reference: Text = ""
    shipment: Name | None = None


class FirstIssue(Struct, kw_only=True):
    """`stock.issue` version 1: what went to a ward or to another facility; `reference` is the delivery note's."""

    destination: FirstDestination
    lines: Annotated[list[MovedLine], Meta(min_length=1, max_length=LINES_MAX)]
    reference: Text = ""


class Issue(Struct, kw_only=True):
    """`stock.issue` version 2: what went to a ward or another facility, or back to the one who supplied it."""

    destination: Destination
    lines: Annotated[list[MovedLine], Meta(min_length=1, max_length=LINES_MAX)]
    reference: Text = ""
    purpose: Literal["", "return"] = ""

    @property
    def is_return(self) -> bool:
        """Whether it went back; what goes to a supplier always does."""
        return self.purpose == "return" or self.destination.supplier is not None


class Shelf(Struct):
    """Where else in the facility, or whose, stock is."""

    location: Place = ""
    account: Place = ""


class ShiftedLine(MovedLine, kw_only=True):
    """A line of a move within the facility: from the card that it is on to the one at `to`."""

    to: Shelf

    def __post_init__(self) -> None:
        if (self.to.location, self.to.account) == (self.location, self.account):
            raise ValueError("stock is moved to where it is already")


class Move(Struct):
    """`stock.move`: from one location or account of the facility to another."""

    lines: Annotated[list[ShiftedLine], Meta(min_length=1, max_length=LINES_MAX)]


class Dispense(Struct, kw_only=True):
    """`stock.dispense`: what went to a user. Patient and prescriber come with the pharmacist's screens."""

    lines: Annotated[list[DispensedLine], Meta(min_length=1, max_length=LINES_MAX)]


class Adjust(Struct):
    """`stock.adjust`: a change with a reason."""

    lines: Annotated[list[AdjustedLine], Meta(min_length=1, max_length=LINES_MAX)]


class InspectedLine(OnCard, kw_only=True):
    """A line of an inspection: the stage seen."""

    vvm: Stage


class Inspect(Struct):
    """`stock.inspect`: VVM stages, as they were seen."""

    lines: Annotated[list[InspectedLine], Meta(min_length=1, max_length=LINES_MAX)]


class Count(Struct, kw_only=True):
    """`stock.count`: what was seen on the shelf; the session ties the items of one count."""

    lines: Annotated[list[CountedLine], Meta(min_length=1, max_length=LINES_MAX)]
    session: Name | None = None
    all_lots: bool = False


class Unpack(Struct, kw_only=True):
    """`stock.unpack`: a kit or a recipe: what was used up and what came of it."""

    consumed: Annotated[list[MovedLine], Meta(min_length=1, max_length=LINES_MAX)]
    produced: Annotated[list[MovedLine], Meta(min_length=1, max_length=LINES_MAX)]
    reference: Text = ""

    def __post_init__(self) -> None:
        if len(self.consumed) + len(self.produced) > LINES_MAX:
            raise ValueError(f"an operation has at most {LINES_MAX} lines")


class Reverse(Struct, kw_only=True):
    """`stock.reverse`: an operation of the same facility never happened."""

    operation: OperationId
    reason: Text = ""


class Gap(Struct, rename={"first": "from", "last": "to"}):
    """`device.gap`: delivery numbers that the device can no longer send."""

    first: Annotated[int, Meta(ge=1, lt=2**53)]
    last: Annotated[int, Meta(ge=1, lt=2**53)]

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a gap ends where it begins or later")


class Resolve(Struct, kw_only=True):
    """`exception.resolve`: what a person decided about an exception of their facility."""

    exception: OperationId
    action: Name
    note: Text = ""
    expiry: date | None = None


def _depth(value: object) -> int:
    """How deep lists and objects are nested; more than is allowed is not looked at to the end."""
    depth, level = 0, [value]
    while level and depth <= PERSON_VALUE_DEPTH_MAX:
        held = [
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        ]
        depth += bool(held)
        level = [inner for one in held for inner in one]
    return depth


class SetLocation(Struct, kw_only=True):
    """`location.set`: a shelf or bin of the facility; what is used no more is not active."""

    code: Name
    name: Text = ""
    active: bool = True


class Identify(Struct, kw_only=True):
    """`product.identify`: at this facility the code on the box means the product."""

    product: Name
    system: Literal["gtin"]
    value: Annotated[str, Meta(pattern=r"^[0-9]{14}\Z")]
    active: bool = True


class SetOfPerson(Struct, kw_only=True):
    """`person.set`: something that follows the author at this facility; `value` is any JSON of at most 8 KiB."""

    key: Name
    value: Raw

    def __post_init__(self) -> None:
        if len(self.value) > PERSON_VALUE_BYTES_MAX:
            raise ValueError(f"what is kept of a person has at most {PERSON_VALUE_BYTES_MAX} bytes")
        try:
            # It is given out again: what could not be written then is refused now.
            value = msgspec.json.decode(self.value)
            msgspec.json.encode(value)
        except (msgspec.MsgspecError, OverflowError, RecursionError) as error:
            raise ValueError(f"what is kept of a person cannot be read: {error}") from None
        if _depth(value) > PERSON_VALUE_DEPTH_MAX:
            raise ValueError(f"what is kept of a person is nested at most {PERSON_VALUE_DEPTH_MAX} deep")


class AnswerRecall(Struct, kw_only=True):
    """`recall.answer`: what the facility found and did of a recalled lot. Stock moves by operations of its own."""

    recall: OperationId
    product: Name
    lot: Place = ""
    found: Counted = 0
    quarantined: Counted = 0
    returned: Counted = 0
    destroyed: Counted = 0
    witness: Text = ""
    note: Text = ""


class ReadFeedback(Struct):
    """`feedback.read`: somebody of the facility has read it."""

    feedback: OperationId
