"""PURE: facts in, cards out.

A card is the fold of its facts in the order of (`effective_at`, `id`). From 0, a movement adds its
quantity; a count sets the balance, and its variance is what was counted minus the balance before it.
The first count of a card is its opening balance and not an adjustment. Nothing else is known here:
who sent what, and when it arrived, cannot change a card.

`step` is the whole rule. An append at the end is one `step` on the stored state; a late fact refolds
from the standing count before it (`resumed`) to the next count after it. The JavaScript twin is
`pwa/worker/fold.js`; both pass `tests/vectors/fold`.

Reversals and receipts claimed twice act before the fold: those facts are not given to it. A count with
`all_lots` is given to it as a count of 0 on every card that it does not name. A movement that a person moved
across a count is given to it with an id that sorts just beside the count's (`just_before`, `just_after`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

SortKey = tuple[int, str]
"""(`effective_at` in UTC milliseconds, operation id): the order of facts on a card."""

_BEFORE, _AFTER = "~", "+"


def just_before(count_id: str, operation_id: str) -> str:
    """An id that sorts before the count's and after every other id before it."""
    digits = f"{int(count_id.replace('-', ''), 16) - 1:032x}"
    lower = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return f"{lower}{_BEFORE}{operation_id}"


def just_after(count_id: str, operation_id: str) -> str:
    """An id that sorts after the count's and before every other id behind it."""
    return f"{count_id}{_AFTER}{operation_id}"


def operation_of(place_id: str) -> str:
    """The operation whose fact stands at a place; of one that was not moved, its own id."""
    return place_id[max(place_id.rfind(_BEFORE), place_id.rfind(_AFTER)) + 1 :]


class CardFact(NamedTuple):
    """What one operation does to one card: the sum of its lines there. `id` is its place, see `just_before`."""

    effective_at: int
    id: str
    counted: bool
    quantity: int

    @property
    def key(self) -> SortKey:
        """Place in the fold."""
        return self.effective_at, self.id


class CardState(NamedTuple):
    """A card's balance and the places that later facts are compared with.

    `negative` is the id of the fact that first took the balance below 0 after the last count.
    """

    on_hand: int = 0
    counted: SortKey | None = None
    last: SortKey | None = None
    negative: str | None = None


class CountOutcome(NamedTuple):
    """What a count found. `opening` marks the first count of a card."""

    variance: int
    opening: bool


EMPTY = CardState()


def step(state: CardState, fact: CardFact) -> CardState:
    """The card after one more fact, which must sort after `state.last`."""
    if fact.counted:
        return CardState(fact.quantity, fact.key, fact.key, None)
    on_hand = state.on_hand + fact.quantity
    negative = state.negative or (operation_of(fact.id) if on_hand < 0 else None)
    return CardState(on_hand, state.counted, fact.key, negative)


def outcome_of(state: CardState, count: CardFact) -> CountOutcome:
    """What a count finds on a card in this state."""
    return CountOutcome(count.quantity - state.on_hand, state.counted is None)


def resumed(count: CardFact) -> CardState:
    """The state just after a standing count: nothing before it can change what follows."""
    return step(EMPTY, count)


def fold(
    facts: Iterable[CardFact], start: CardState = EMPTY
) -> tuple[CardState, dict[SortKey, CountOutcome]]:
    """Fold facts, given in any order, onto `start`; also what each count among them found."""
    state, counts = start, {}
    for fact in sorted(facts, key=lambda one: one.key):
        if fact.counted:
            counts[fact.key] = outcome_of(state, fact)
        state = step(state, fact)
    return state, counts
