"""PURE: facts in, cards out.

A card is the fold of its facts in the order of (`effective_at`, `id`). From 0, a movement adds its
quantity; a count sets the balance, and its variance is what was counted minus the balance before it.
The first count of a card is its opening balance and not an adjustment. Nothing else is known here:
who sent what, and when it arrived, cannot change a card.

`step` is the whole rule. An append at the end is one `step` on the stored state; a late fact refolds
from the standing count before it (`resumed`) to the next count after it. The JavaScript twin is
`pwa/worker/fold.js`; both pass `tests/vectors/fold`.

Reversals act before the fold: a reversed operation's facts are not given to it. `all_lots`, receipts
claimed twice and decisions of people belong here too and come with the rest of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

SortKey = tuple[int, str]
"""(`effective_at` in UTC milliseconds, operation id): the order of facts on a card."""


class CardFact(NamedTuple):
    """What one operation does to one card: the sum of its lines there."""

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
    negative = state.negative or (fact.id if on_hand < 0 else None)
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
