"""PURE: (what is known, operation) -> what stands against it.

Each exception of PROTOCOL.md is one rule here or, for those that follow from a card's balance, in
sync.fold (`negative_stock`). A finding is either a reason to hold the operation whole (HELD) or a
flag on a fact that is in the ledger all the same: the server never rejects a physical fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.operations import Effect

CLOCK_TOLERANCE_MS = 5_000
"""Bounds that move a time by less are measurement noise of the clocks' difference (docs/decisions/0003)."""

SKEW_MAX_MS = 120_000

HELD = frozenset(
    {
        "id_reused",
        "invalid",
        "unknown_product",
        "unknown_facility",
        "unknown_operation",
        "unknown_reason",
        "not_permitted",
        "author_disabled",
    }
)
"""Codes that keep an operation out of the ledger until a person decides."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that looks wrong; `line` -1 speaks of the whole operation."""

    code: str
    line: int = -1
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product as far as the rules need it."""

    id: int
    active: bool


@dataclass(frozen=True, slots=True)
class KnownReason:
    """A reason as far as the rules need it; type is `credit` or `debit`."""

    id: int
    type: str
    active: bool


@dataclass(frozen=True, slots=True)
class Times:
    """When an operation was recorded and takes effect, decided once; `skew` says why it is flagged, if it is."""

    recorded_at: int
    effective_at: int
    skew: dict[str, object] | None


def decide_times(
    recorded_at: int,
    occurred_at: int,
    *,
    offset_ms: int,
    seen_at: int | None,
    previous_at: int,
    received_at: int,
) -> Times:
    """PROTOCOL.md, Time. All in UTC milliseconds.

    `recorded_at` and `occurred_at` are the device's own; `seen_at` is when the pull that the author had
    seen was answered; `previous_at` the corrected time of the device's previous operation.
    """
    told = recorded_at + offset_ms
    recorded = min(max(told, seen_at or told, previous_at), received_at)
    effective = recorded if occurred_at == recorded_at else min(occurred_at, recorded)
    moved = abs(recorded - told)
    future = 0 if occurred_at == recorded_at else max(0, occurred_at - recorded)
    skewed = abs(offset_ms) > SKEW_MAX_MS or moved > CLOCK_TOLERANCE_MS or future > CLOCK_TOLERANCE_MS
    detail: dict[str, object] = {"offset_ms": offset_ms, "moved_ms": recorded - told, "future_ms": future}
    return Times(recorded, effective, detail if skewed else None)


def unknown_products(effects: Sequence[Effect], products: Mapping[str, KnownProduct]) -> Iterable[Finding]:
    """A product that no catalogue has: held, for nobody knows what was moved."""
    for effect in effects:
        if effect.product not in products:
            yield Finding("unknown_product", effect.line, {"product": effect.product})


def unknown_reasons(
    named: Sequence[tuple[int, str, int]], reasons: Mapping[str, KnownReason]
) -> Iterable[Finding]:
    """A reason that is not in the list."""
    for line, code, _ in named:
        if code not in reasons:
            yield Finding("unknown_reason", line, {"reason": code})


def inactive(
    effects: Sequence[Effect], products: Mapping[str, KnownProduct], facility_active: bool
) -> Iterable[Finding]:
    """Something was moved that, or where, nothing should move any more."""
    if not facility_active:
        yield Finding("inactive", -1, {"facility": True})
    for effect in effects:
        if not products[effect.product].active:
            yield Finding("inactive", effect.line, {"product": effect.product})


def reason_type(
    named: Sequence[tuple[int, str, int]], reasons: Mapping[str, KnownReason]
) -> Iterable[Finding]:
    """A credit explained by a debit's reason, or the other way round. The sign rules."""
    for line, code, quantity in named:
        if reasons[code].type != ("credit" if quantity > 0 else "debit"):
            yield Finding("reason_type", line, {"reason": code, "quantity": quantity})
