"""PURE: what becomes of one operation, given what the server knows.

Held, with the reason; or in the ledger, with its times, its effects on cards and what looks wrong.
Nothing here reads or writes; `sync.push` gathers the `Known` and stores the `Decision`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import msgspec
from msgspec import Struct

from backend.clock import from_iso
from sync import conflicts
from sync.bodies import Count, Gap, Header, Reverse
from sync.conflicts import Finding, KnownProduct, KnownReason
from sync.operations import (
    NO_RIGHT_NEEDED,
    OPERATION_BYTES_MAX,
    Body,
    Effect,
    UnreadableError,
    effects,
    named_facilities,
    named_products,
    named_reasons,
    read_body,
)
from sync.registers import Saying, sayings

EARLIEST_YEAR = 2000
EARLIEST = from_iso(f"{EARLIEST_YEAR}-01-01T00:00:00Z")
DAY_LENGTH = len("2026-11-22")


class Known(Struct, frozen=True):
    """What the server knows that bears on a batch; looked up once for all its operations.

    `refusal(author, kind, facility code, moment)` says why something may not be done, or None.
    `noon(facility code, day)` is 12:00 there, in UTC milliseconds.
    """

    facilities: Mapping[str, bool]
    products: Mapping[str, KnownProduct]
    reasons: Mapping[str, KnownReason]
    refusal: Callable[[str, str, str, int], Finding | None]
    noon: Callable[[str, date], int]
    received_at: int
    push_offset_ms: int


class Draft(Struct, gc=False):
    """An operation read as far as it can be read; `fault` is set where that was not to the end.

    `occurred_on` is set instead of `occurred_at` where only the day was told.
    """

    raw: bytes
    header: Header | None
    body: Body | None = None
    effects: list[Effect] = []
    facilities: list[str] = []
    products: list[tuple[int, str]] = []
    reasons: list[tuple[int, str, int]] = []
    sayings: list[Saying] = []
    recorded_at: int = 0
    occurred_at: int = 0
    occurred_on: date | None = None
    fault: Finding | None = None


class Decision(Struct, gc=False):
    """What becomes of an operation; held when `held` is set, and then it has no effects."""

    recorded_at: int
    effective_at: int
    effects: list[Effect]
    held: Finding | None
    flags: list[Finding]

    def hold(self, why: Finding) -> Decision:
        """The same operation kept out of the ledger."""
        return Decision(self.recorded_at, self.effective_at, [], why, [])


_HEADER = msgspec.json.Decoder(Header)


def header_of(raw: bytes) -> Header | None:
    """What an operation says of itself; None where that cannot be read, for whatever reason."""
    try:
        return _header(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _header(raw: bytes) -> Header:
    if len(raw) > OPERATION_BYTES_MAX:
        raise msgspec.ValidationError(f"an operation has at most {OPERATION_BYTES_MAX} bytes")
    # Strings that the decoder skips are not looked at by it, but kept and given out with the rest.
    raw.decode()
    return _HEADER.decode(raw)


def read(raw: bytes, header: Header | None = None) -> Draft:
    """Read an operation's text. Never raises: what cannot be read becomes the draft's fault.

    `header` is what `header_of` read already.
    """
    if header is None:
        try:
            header = _header(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return Draft(raw, None, fault=_invalid(str(error)))
    draft = Draft(raw, header)
    try:
        draft.recorded_at = draft.occurred_at = from_iso(header.recorded_at)
        if len(header.occurred_at) == DAY_LENGTH:
            draft.occurred_on = date.fromisoformat(header.occurred_at)
        elif header.occurred_at != header.recorded_at:
            draft.occurred_at = from_iso(header.occurred_at)
    except (ValueError, OverflowError) as error:
        draft.recorded_at = 0
        draft.fault = _invalid(f"a time cannot be read: {error}")
        return draft
    if draft.occurred_on is not None:
        too_early = draft.occurred_on.year < EARLIEST_YEAR
    else:
        dated = draft.occurred_at != draft.recorded_at
        too_early = dated and min(draft.recorded_at, draft.occurred_at) < EARLIEST
    if too_early:
        draft.fault = _invalid("nothing is dated before the year 2000")
        return draft
    try:
        body = read_body(header.kind, header.version, header.body)
    except KeyError:
        draft.fault = Finding("unknown_operation", -1, {"kind": header.kind, "version": header.version})
        return draft
    except UnreadableError as error:
        draft.fault = _invalid(str(error), error.line)
        return draft
    draft.body = body
    draft.effects = effects(body)
    draft.facilities = named_facilities(body)
    draft.products = named_products(body)
    draft.reasons = named_reasons(body)
    draft.sayings = sayings(body, header.author)
    return draft


def decide(draft: Draft, known: Known, *, previous_at: int, seen_at: int | None) -> Decision:
    """What becomes of an operation that is new to the server.

    `previous_at` is the corrected time of the device's previous operation, `seen_at` when the pull
    that the author had seen was answered; all times UTC milliseconds.
    """
    header = draft.header
    if header is None or not draft.recorded_at:
        at = known.received_at
        return Decision(at, at, [], draft.fault or _invalid("no time"), [])
    offset = known.push_offset_ms if header.offset_ms is None else header.offset_ms
    times = conflicts.decide_times(
        draft.recorded_at,
        draft.occurred_at,
        offset_ms=offset,
        seen_at=seen_at,
        previous_at=previous_at,
        received_at=known.received_at,
    )
    effective_at = times.effective_at
    if draft.occurred_on is not None and header.facility in known.facilities:
        effective_at = min(known.noon(header.facility, draft.occurred_on), times.recorded_at)
    held = draft.fault or _standing_against(draft, header, known, times.recorded_at)
    if held is not None:
        return Decision(times.recorded_at, effective_at, [], held, [])
    flags = conflicts.inactive(draft.effects, known.products, known.facilities[header.facility])
    if draft.reasons:
        flags += conflicts.reason_type(draft.reasons, known.reasons)
    if times.skew is not None:
        flags.append(Finding("clock_skew", -1, times.skew))
    if isinstance(draft.body, Count) and conflicts.count_backdated(effective_at, times.recorded_at):
        flags.append(Finding("count_backdated"))
    if isinstance(draft.body, Gap):
        flags.append(Finding("device_gap", -1, {"from": draft.body.first, "to": draft.body.last}))
    return Decision(times.recorded_at, effective_at, draft.effects, None, flags)


def _standing_against(draft: Draft, header: Header, known: Known, at: int) -> Finding | None:
    """The first reason to hold a readable operation; None when there is none."""
    if header.facility not in known.facilities:
        return Finding("unknown_facility", -1, {"facility": header.facility})
    for code in draft.facilities:
        if code not in known.facilities:
            return Finding("unknown_facility", -1, {"facility": code})
    if header.kind not in NO_RIGHT_NEEDED:
        refusal = known.refusal(header.author, header.kind, header.facility, at)
        if refusal is not None:
            return refusal
    if isinstance(draft.body, Reverse) and draft.body.operation.lower() == header.id.lower():
        return _invalid("an operation cannot reverse itself")
    unknown = conflicts.unknown_products(draft.effects, draft.products, known.products)
    if draft.reasons and not unknown:
        unknown = conflicts.unknown_reasons(draft.reasons, known.reasons)
    return unknown[0] if unknown else None


def _invalid(message: str, line: int = -1) -> Finding:
    return Finding("invalid", line, {"message": message})
