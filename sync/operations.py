"""PURE: the kinds of operations, their typed bodies and what each does to cards.

A kind is added by a body here, its `effects`, a row in BODIES and its text in PROTOCOL.md. A body's
version never changes: a new one is added beside it and the old one is upcast, for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

QUANTITY_MAX = 10**9
OPERATION_BYTES_MAX = 64 * 1024
LINES_MAX = 200

NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Meta(max_length=400, pattern=NO_NUL)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=NO_NUL)]
Place = Annotated[str, Meta(max_length=64, pattern=NO_NUL)]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Counted = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
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
    vvm: Annotated[int, Meta(ge=1, le=4)] | None = None


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


class Destination(Struct):
    """Where an issue went: exactly one of the two."""

    ward: Name | None = None
    facility: Name | None = None

    def __post_init__(self) -> None:
        if (self.ward is None) == (self.facility is None):
            raise ValueError("a destination is a ward or a facility")


class Receive(Struct, kw_only=True):
    """`stock.receive`: what came in."""

    source: Source
    lines: Annotated[list[ReceivedLine], Meta(min_length=1, max_length=LINES_MAX)]
    reference: Text = ""
    shipment: Name | None = None


class Issue(Struct):
    """`stock.issue`: what went to a ward or to another facility."""

    destination: Destination
    lines: Annotated[list[MovedLine], Meta(min_length=1, max_length=LINES_MAX)]


class Dispense(Struct, kw_only=True):
    """`stock.dispense`: what went to a user. Patient and prescriber come with the pharmacist's screens."""

    lines: Annotated[list[DispensedLine], Meta(min_length=1, max_length=LINES_MAX)]


class Adjust(Struct):
    """`stock.adjust`: a change with a reason."""

    lines: Annotated[list[AdjustedLine], Meta(min_length=1, max_length=LINES_MAX)]


class Count(Struct, kw_only=True):
    """`stock.count`: what was seen on the shelf; the session ties the items of one count."""

    lines: Annotated[list[CountedLine], Meta(min_length=1, max_length=LINES_MAX)]
    session: Name | None = None
    all_lots: bool = False


Body = Receive | Issue | Dispense | Adjust | Count

BODIES: dict[tuple[str, int], type[Body]] = {
    ("stock.receive", 1): Receive,
    ("stock.issue", 1): Issue,
    ("stock.dispense", 1): Dispense,
    ("stock.adjust", 1): Adjust,
    ("stock.count", 1): Count,
}
"""Every kind and version that is understood; `stock.unpack`, `stock.reverse` and `device.gap` are held till then."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one line does to one card; products, facilities and reasons still by their codes."""

    line: int
    product: str
    lot: str
    expiry: str | None
    location: str
    account: str
    flow: str
    quantity: int
    reason: str | None


class UnreadableError(ValueError):
    """A body that cannot be understood; `line` is the index of the line at fault, -1 for the whole."""

    def __init__(self, message: str, line: int = -1) -> None:
        super().__init__(message)
        self.line = line


_LINE = re.compile(r"\$\.lines\[(\d+)\]")
_DECODERS: dict[tuple[str, int], Callable[[Raw], Body]] = {
    kind: msgspec.json.Decoder(body).decode for kind, body in BODIES.items()
}


def read_body(kind: str, version: int, raw: Raw) -> Body:
    """The typed body. Raises KeyError for a kind or version not understood, UnreadableError for a bad body."""
    decode = _DECODERS[kind, version]
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        place = _LINE.search(str(error))
        raise UnreadableError(str(error), int(place[1]) if place else -1) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from None


def effects(body: Body) -> list[Effect]:
    """What the operation does to cards, line by line."""
    match body:
        case Receive():
            return [_effect(n, line, "received", line.quantity) for n, line in enumerate(body.lines)]
        case Issue():
            return [_effect(n, line, "issued", -line.quantity) for n, line in enumerate(body.lines)]
        case Dispense():
            return [_effect(n, line, "dispensed", -line.quantity) for n, line in enumerate(body.lines)]
        case Adjust():
            return [
                _effect(n, line, "adjusted", line.quantity, line.reason) for n, line in enumerate(body.lines)
            ]
        case Count():
            return [_effect(n, line, "counted", line.counted) for n, line in enumerate(body.lines)]


def named_facilities(body: Body) -> Iterable[str]:
    """Codes of other facilities that the operation speaks of."""
    match body:
        case Receive():
            return [body.source.facility] if body.source.facility is not None else []
        case Issue():
            return [body.destination.facility] if body.destination.facility is not None else []
        case _:
            return []


def named_reasons(body: Body) -> list[tuple[int, str, int]]:
    """(line, reason code, signed quantity) wherever the operation gives a reason."""
    match body:
        case Adjust():
            return [(n, line.reason, line.quantity) for n, line in enumerate(body.lines)]
        case Count():
            return [
                (n, one.reason, one.quantity) for n, line in enumerate(body.lines) for one in line.reasons
            ]
        case _:
            return []


def _effect(n: int, line: OnCard, flow: str, quantity: int, reason: str | None = None) -> Effect:
    number, expiry = "", None
    if line.lot is not None:
        number = line.lot.number
        expiry = line.lot.expiry.isoformat() if line.lot.expiry is not None else None
    return Effect(n, line.product, number, expiry, line.location, line.account, flow, quantity, reason)
