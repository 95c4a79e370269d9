"""PURE: the kinds of operations and what each does to cards; their typed bodies are in sync.bodies.

A kind is added by a body, its `effects`, a row in BODIES and its text in PROTOCOL.md. A body's version
never changes: a new one is added beside it, and UPCASTS makes the old one into it, for ever. Each kind and
version has frozen examples in `tests/vectors/operations`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from sync.bodies import (
    Adjust,
    AnswerRecall,
    Count,
    Destination,
    Dispense,
    FirstIssue,
    Gap,
    Identify,
    Inspect,
    Issue,
    Move,
    OnCard,
    ReadFeedback,
    Receive,
    Resolve,
    Reverse,
    SetLocation,
    SetOfPerson,
    ShiftedLine,
    Unpack,
)

OPERATION_BYTES_MAX = 64 * 1024

Statement = Inspect | SetLocation | Identify | SetOfPerson | AnswerRecall | ReadFeedback
"""Bodies that only say how something is: what they set is in sync.registers."""

Body = Receive | Issue | Dispense | Adjust | Count | Unpack | Move | Reverse | Gap | Resolve | Statement

BODIES: dict[tuple[str, int], type[Body | FirstIssue]] = {
    ("stock.receive", 1): Receive,
    ("stock.issue", 1): FirstIssue,
    ("stock.issue", 2): Issue,
    ("stock.dispense", 1): Dispense,
    ("stock.adjust", 1): Adjust,
    ("stock.count", 1): Count,
    ("stock.unpack", 1): Unpack,
    ("stock.move", 1): Move,
    ("stock.inspect", 1): Inspect,
    ("stock.reverse", 1): Reverse,
    ("device.gap", 1): Gap,
    ("exception.resolve", 1): Resolve,
    ("location.set", 1): SetLocation,
    ("product.identify", 1): Identify,
    ("person.set", 1): SetOfPerson,
    ("recall.answer", 1): AnswerRecall,
    ("feedback.read", 1): ReadFeedback,
}
"""Every kind and version that is understood; all others are held until they are."""


def _second_issue(first: Any) -> Issue:
    """An issue of version 1 was no return, and went to no supplier."""
    to = Destination(first.destination.ward, first.destination.facility)
    return Issue(destination=to, lines=first.lines, reference=first.reference)


UPCASTS: dict[tuple[str, int], Callable[[Any], Any]] = {("stock.issue", 1): _second_issue}
"""(kind, version) -> the same as a body of the next version; every version but a kind's newest is in it."""

NO_RIGHT_NEEDED = frozenset({"device.gap"})
"""Kinds that the device itself records, whoever is signed in."""


class Effect(Struct, frozen=True, gc=False):
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


_LINE = re.compile(r"\$\.(?:lines|consumed)\[(\d+)\]")
_DECODERS: dict[tuple[str, int], Callable[[Raw], Any]] = {
    kind: msgspec.json.Decoder(body).decode for kind, body in BODIES.items()
}


def read_body(kind: str, version: int, raw: Raw) -> Body:
    """The typed body, of the kind's newest version.

    Raises KeyError for a kind or version not understood, UnreadableError for a bad body.
    """
    decode = _DECODERS[kind, version]
    try:
        body: Any = decode(raw)
    except msgspec.ValidationError as error:
        place = _LINE.search(str(error))
        raise UnreadableError(str(error), int(place[1]) if place else -1) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from None
    while upcast := UPCASTS.get((kind, version)):
        body, version = upcast(body), version + 1
    found: Body = body
    return found


def effects(body: Body) -> list[Effect]:
    """What the operation does to cards, line by line; of an unpacking first what was consumed.

    Both effects of a line that was moved bear its number.
    """
    match body:
        case Issue():
            flow = "returned" if body.is_return else "issued"
            return [_effect(n, line, flow, -line.quantity) for n, line in enumerate(body.lines)]
        case Dispense():
            return [_effect(n, line, "dispensed", -line.quantity) for n, line in enumerate(body.lines)]
        case Receive():
            return [_effect(n, line, "received", line.quantity) for n, line in enumerate(body.lines)]
        case Count():
            return [_effect(n, line, "counted", line.counted) for n, line in enumerate(body.lines)]
        case Adjust():
            return [
                _effect(n, line, "adjusted", line.quantity, line.reason) for n, line in enumerate(body.lines)
            ]
        case Unpack():
            used, made = body.consumed, body.produced
            consumed = [_effect(n, line, "consumed", -line.quantity) for n, line in enumerate(used)]
            return consumed + [
                _effect(n, line, "produced", line.quantity) for n, line in enumerate(made, len(used))
            ]
        case Move():
            return [effect for n, line in enumerate(body.lines) for effect in _both_sides(n, line)]
        case _:
            return []


def named_facilities(body: Body) -> list[str]:
    """Codes of other facilities that the operation speaks of."""
    match body:
        case Receive():
            return [body.source.facility] if body.source.facility is not None else []
        case Issue():
            return [body.destination.facility] if body.destination.facility is not None else []
        case _:
            return []


def named_products(body: Body) -> list[tuple[int, str]]:
    """(line, product code) wherever the operation speaks of a product without moving or counting it."""
    match body:
        case Inspect():
            return [(n, line.product) for n, line in enumerate(body.lines)]
        case Identify() | AnswerRecall():
            return [(-1, body.product)]
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


def _both_sides(n: int, line: ShiftedLine) -> tuple[Effect, Effect]:
    left = _effect(n, line, "moved", -line.quantity)
    return left, replace(left, location=line.to.location, account=line.to.account, quantity=line.quantity)
