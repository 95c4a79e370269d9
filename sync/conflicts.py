"""PURE: (what is known, operation) -> what stands against it.

Each exception of PROTOCOL.md is one rule here or, for those that follow from a card's balance, in
sync.fold (`negative_stock`). A finding is either a reason to hold the operation whole (HELD) or a
flag on a fact that is in the ledger all the same: the server never rejects a physical fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from sync.operations import Effect

CLOCK_TOLERANCE_MS = 5_000
"""Bounds that move a time by less are measurement noise of the clocks' difference (docs/decisions/0003)."""

SKEW_MAX_MS = 120_000

OVERLAP_MS = 5 * 60_000
"""A movement this near to a count may have been before it or after it: the clocks cannot tell."""

BACKDATED_MS = 12 * 3_600_000

OF_THE_FACT = frozenset(
    {
        "negative_stock",
        "count_overlap",
        "count_backdated",
        "variance_changed",
        "inactive",
        "reason_type",
        "already_received",
        "unmatched_receipt",
    }
)
"""Codes that close when the operation they are about is reversed: what it said is taken back."""

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


class Finding(Struct, frozen=True, gc=False):
    """One thing that looks wrong; `line` -1 speaks of the whole operation."""

    code: str
    line: int = -1
    detail: dict[str, object] = {}


class KnownProduct(Struct, frozen=True, gc=False):
    """A product as far as the rules need it."""

    id: int
    active: bool


class KnownReason(Struct, frozen=True, gc=False):
    """A reason as far as the rules need it; type is `credit` or `debit`."""

    id: int
    type: str
    active: bool


class Times(Struct, frozen=True, gc=False):
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
    if abs(offset_ms) <= SKEW_MAX_MS and moved <= CLOCK_TOLERANCE_MS and future <= CLOCK_TOLERANCE_MS:
        return Times(recorded, effective, None)
    detail: dict[str, object] = {"offset_ms": offset_ms, "moved_ms": recorded - told, "future_ms": future}
    return Times(recorded, effective, detail)


def unknown_products(
    effects: Sequence[Effect], named: Sequence[tuple[int, str]], products: Mapping[str, KnownProduct]
) -> list[Finding]:
    """A product that no catalogue has: held, for nobody knows what was moved, or what is spoken of (`named`)."""
    found = [
        Finding("unknown_product", effect.line, {"product": effect.product})
        for effect in effects
        if effect.product not in products
    ]
    return found + [
        Finding("unknown_product", line, {"product": code}) for line, code in named if code not in products
    ]


def unknown_reasons(
    named: Sequence[tuple[int, str, int]], reasons: Mapping[str, KnownReason]
) -> list[Finding]:
    """A reason that is not in the list."""
    return [
        Finding("unknown_reason", line, {"reason": code}) for line, code, _ in named if code not in reasons
    ]


def inactive(
    effects: Sequence[Effect], products: Mapping[str, KnownProduct], facility_active: bool
) -> list[Finding]:
    """Something was moved that, or where, nothing should move any more."""
    found = [
        Finding("inactive", effect.line, {"product": effect.product})
        for effect in effects
        if not products[effect.product].active
    ]
    return found if facility_active else [Finding("inactive", -1, {"facility": True}), *found]


def reason_type(named: Sequence[tuple[int, str, int]], reasons: Mapping[str, KnownReason]) -> list[Finding]:
    """A credit explained by a debit's reason, or the other way round. The sign rules."""
    return [
        Finding("reason_type", line, {"reason": code, "quantity": quantity})
        for line, code, quantity in named
        if reasons[code].type != ("credit" if quantity > 0 else "debit")
    ]


class Witness(NamedTuple):
    """A fact on a card as the rules about what its author could know need it.

    `at` is its own effective time, whatever place a person gave it. `device` is empty for what the server
    made (imports): nobody stood at the shelf then, and the rules leave it alone. `change` is the facility's
    number when it was stored, `seen` the number that its author had pulled up to. `day` is the local day
    (any number that tells days apart) of `at`; `by_day` says that only the day was told. `held` was kept out of the
    ledger until a person released it: no pull had shown it.
    """

    id: str
    at: int
    counted: bool
    device: str
    change: int
    seen: int
    by_day: bool
    day: int
    implied: bool = False
    held: bool = False


def has_seen(one: Witness, other: Witness) -> bool:
    """Whether the author of `one` could know of `other`: the same device sent it before, or it was pulled."""
    if one.device == other.device:
        return (other.change, other.id) < (one.change, one.id)
    return one.seen > 0 and not other.held and other.change <= one.seen


def count_overlap(count: Witness, movement: Witness) -> bool:
    """Whether nobody can tell if the movement was before the count or after it."""
    if not count.device or not movement.device:
        return False
    near = abs(count.at - movement.at) <= OVERLAP_MS or (movement.by_day and movement.day == count.day)
    return near and not has_seen(count, movement) and not has_seen(movement, count)


def zeroed_unseen(count: Witness, before: Iterable[Witness], variance: int) -> Iterable[Witness]:
    """What an `all_lots` count of 0 wiped out without its author knowing of it.

    `before` are the standing facts of the card from its previous standing count, that one included, on.
    """
    if variance and count.device:
        for fact in before:
            if not has_seen(count, fact):
                yield fact


def count_backdated(effective_at: int, recorded_at: int) -> bool:
    """Whether a count is dated over 12 hours back: who counts yesterday's shelf?"""
    return recorded_at - effective_at > BACKDATED_MS


def counted_behind(count: Witness, later: Iterable[Witness]) -> bool:
    """Whether a count is dated before a fact that its author had seen. `later` are facts that sort after it.

    What was held then, and may be released at any time since, is not held against the count.
    """
    return any(not fact.held and has_seen(count, fact) for fact in later)


def variance_changed(found: int | None, variance: int) -> bool:
    """Whether a count's variance is another than the one it was first accepted with."""
    return found is not None and variance != found


def lot_expiries(told: Iterable[str]) -> tuple[str | None, bool]:
    """The expiry date to use of those told for one lot (the earliest), and whether they contradict each other."""
    dates = sorted(set(told))
    return (dates[0] if dates else None), len(dates) > 1


def late_for_period(own: int, booked_in: int) -> bool:
    """Whether a fact is booked in another period than its own, whose report was submitted already."""
    return own != booked_in


def already_reversed(reversals: Sequence[tuple[int, str]]) -> list[str]:
    """Which of the reversals of one operation, as (effective_at, id), change nothing: all but the first."""
    return [id_ for _, id_ in sorted(reversals)[1:]]
