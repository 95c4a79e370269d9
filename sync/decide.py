"""PURE: what becomes of one operation, given what the server knows.

Held, with the reason; or in the ledger, with its times, its effects on cards and what looks wrong.
Nothing here reads or writes; `sync.push` gathers the `Known` and stores the `Decision`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import msgspec

from backend.clock import from_iso
from sync import conflicts
from sync.conflicts import Finding, KnownProduct, KnownReason
from sync.operations import (
    OPERATION_BYTES_MAX,
    Count,
    Effect,
    Header,
    UnreadableError,
    effects,
    named_facilities,
    named_reasons,
    read_body,
)

EARLIEST = from_iso("2000-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Known:
    """What the server knows that bears on a batch; looked up once for all its operations.

    `refusal(author, kind, facility code, moment)` says why something may not be done, or None.
    """

    facilities: Mapping[str, bool]
    products: Mapping[str, KnownProduct]
    reasons: Mapping[str, KnownReason]
    refusal: Callable[[str, str, str, int], Finding | None]
    received_at: int
    push_offset_ms: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An operation read as far as it can be read; `fault` is set where that was not to the end."""

    raw: bytes
    header: Header | None
    effects: list[Effect] = field(default_factory=list)
    facilities: list[str] = field(default_factory=list)
    reasons: list[tuple[int, str, int]] = field(default_factory=list)
    recorded_at: int = 0
    occurred_at: int = 0
    fault: Finding | None = None


class _Times(TypedDict):
    recorded_at: int
    occurred_at: int


@dataclass(frozen=True, slots=True)
class Decision:
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


def read(raw: bytes) -> Draft:
    """Read an operation's text. Never raises: what cannot be read becomes the draft's fault."""
    if len(raw) > OPERATION_BYTES_MAX:
        return Draft(raw, None, fault=_invalid(f"an operation has at most {OPERATION_BYTES_MAX} bytes"))
    try:
        header = _HEADER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Draft(raw, None, fault=_invalid(str(error)))
    try:
        recorded_at, occurred_at = from_iso(header.recorded_at), from_iso(header.occurred_at)
    except (ValueError, OverflowError) as error:
        return Draft(raw, header, fault=_invalid(f"a time cannot be read: {error}"))
    times: _Times = {"recorded_at": recorded_at, "occurred_at": occurred_at}
    if min(recorded_at, occurred_at) < EARLIEST and occurred_at != recorded_at:
        return Draft(raw, header, **times, fault=_invalid("nothing is dated before the year 2000"))
    try:
        body = read_body(header.kind, header.version, header.body)
    except KeyError:
        detail: dict[str, object] = {"kind": header.kind, "version": header.version}
        return Draft(raw, header, **times, fault=Finding("unknown_operation", -1, detail))
    except UnreadableError as error:
        return Draft(raw, header, **times, fault=_invalid(str(error), error.line))
    if isinstance(body, Count) and body.all_lots:
        # Zeroing the lots that a count does not name comes with the rest of the protocol; it waits whole.
        fault = Finding("unknown_operation", -1, {"kind": "stock.count", "all_lots": True})
        return Draft(raw, header, **times, fault=fault)
    return Draft(
        raw,
        header,
        effects(body),
        list(named_facilities(body)),
        named_reasons(body),
        **times,
    )


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
    held = draft.fault or _standing_against(draft, header, known, times.recorded_at)
    if held is not None:
        return Decision(times.recorded_at, times.effective_at, [], held, [])
    flags = [
        *conflicts.inactive(draft.effects, known.products, known.facilities[header.facility]),
        *conflicts.reason_type(draft.reasons, known.reasons),
    ]
    if times.skew is not None:
        flags.append(Finding("clock_skew", -1, times.skew))
    return Decision(times.recorded_at, times.effective_at, draft.effects, None, flags)


def _standing_against(draft: Draft, header: Header, known: Known, at: int) -> Finding | None:
    """The first reason to hold a readable operation; None when there is none."""
    for code in (header.facility, *draft.facilities):
        if code not in known.facilities:
            return Finding("unknown_facility", -1, {"facility": code})
    refusal = known.refusal(header.author, header.kind, header.facility, at)
    if refusal is not None:
        return refusal
    for unknown in (
        *conflicts.unknown_products(draft.effects, known.products),
        *conflicts.unknown_reasons(draft.reasons, known.reasons),
    ):
        return unknown
    return None


def _invalid(message: str, line: int = -1) -> Finding:
    return Finding("invalid", line, {"message": message})
