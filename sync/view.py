"""PURE: a device's view of cards: pulled rows folded on with the device's own operations that they lack.

This is what the tablet shows (`pwa/worker/own.js` and `view.js`), written a second time so that it can
be held against the fold: whenever a view is not provisional it equals the fold of everything. Both
languages pass `tests/vectors/view`.

A reversed operation leaves, with all its facts. Of several receipts of one shipment line the first in
effective order stands. A count with `all_lots` finds 0 on the cards of its places that it does not
name. What reverses something that the rows contain, may be contained in them itself, or may concern what
the device does not know, makes cards provisional.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sync.fold import EMPTY, CardFact, CardState, SortKey, step


class CardKey(NamedTuple):
    """The key of a card within its facility; '' where a part is absent."""

    product: str
    lot: str = ""
    location: str = ""
    account: str = ""

    @property
    def place(self) -> CardKey:
        """The lots that one count can be of."""
        return self._replace(lot="")


class Row(NamedTuple):
    """A card as pulled."""

    on_hand: int = 0
    counted: SortKey | None = None
    last: SortKey | None = None


class View(NamedTuple):
    """A card as the device shows it. Provisional: the server may yet make another number of it."""

    on_hand: int
    counted: SortKey | None
    last: SortKey | None
    provisional: bool


class OwnFact(NamedTuple):
    """A fact of the device's own; `answered` if it was so under another device id: the row should contain it."""

    fact: CardFact
    answered: bool = False


@dataclass(frozen=True, slots=True)
class OwnOperation:
    """An operation of the device. `resent` is set if it may have been sent under another device id before.

    It is then `answered` if it had its answer, else `unanswered`; the rows may contain it. `unsettles` is an
    operation that a decision may put into the fold, out of it or elsewhere ('' where not known which);
    `uncertain` is one that was held, but perhaps was released since.
    """

    id: str
    effective_at: int
    facts: Mapping[CardKey, CardFact]
    all_lots: bool = False
    reverses: str | None = None
    shipment: str | None = None
    resent: str = ""
    unsettles: str | None = None
    uncertain: bool = False

    @property
    def key(self) -> SortKey:
        """Place in the fold."""
        return self.effective_at, self.id


Claim = tuple[str, str, str]
"""(shipment, product, lot): what one receipt stands for."""


@dataclass(slots=True)
class _Work:
    """What own operations do: facts to add and to take back by card, counts of 0 by place, and what is in doubt."""

    facts: dict[CardKey, list[OwnFact]] = field(default_factory=dict)
    back: dict[CardKey, list[CardFact]] = field(default_factory=dict)
    zeros: list[tuple[CardKey, set[CardKey], CardFact]] = field(default_factory=list)
    doubtful_products: set[str] = field(default_factory=set)
    doubtful_rows: bool = False

    def on(self, card: CardKey) -> list[OwnFact]:
        """Every own fact of a card, those that follow from `all_lots` too."""
        zeros = [
            OwnFact(zero) for place, named, zero in self.zeros if place == card.place and card not in named
        ]
        return [*self.facts.get(card, ()), *zeros]


def view_of(
    row: Row | None,
    own: Iterable[OwnFact],
    *,
    back: Sequence[CardFact] = (),
    floor: SortKey | None = None,
    doubtful: bool = False,
) -> View:
    """One card. `row` is None for a card first heard of on the device.

    A movement before the last count changes nothing, a count after the last fact sets the balance, and
    one in between is shown provisionally. `back` are facts in the row that were reversed since; for a card
    without a row, what is older than `floor` may have been emptied by `all_lots`; `doubtful` is settled by nothing.
    """
    state = EMPTY if row is None else CardState(row.on_hand, row.counted, row.last)
    taken = sum(
        f.quantity for f in back if not f.counted and (state.counted is None or f.key > state.counted)
    )
    state = state._replace(on_hand=state.on_hand - taken)
    provisional = bool(back)
    known = floor if row is None else row.last
    for fact, answered in sorted(own, key=lambda one: one.fact.key):
        if state.counted is not None and fact.key <= state.counted:
            continue
        if row is not None and fact.key == row.last:
            continue
        late = known is not None and fact.key < known
        if fact.counted:
            provisional = late
        elif late and answered:
            continue
        elif late and row is None:
            provisional = True
        last = state.last
        state = step(state, fact)
        if row is not None and late:
            state = state._replace(last=last)
    return View(state.on_hand, state.counted, state.last, provisional or doubtful)


def views(
    rows: Mapping[CardKey, Row],
    own: Sequence[OwnOperation],
    kept: Sequence[OwnOperation],
    shipments: Mapping[Claim, bool],
) -> dict[CardKey, View]:
    """Every card of the facility: those of the rows, and those first heard of on the device.

    `own` are the operations that the rows do not contain, `kept` those that they do and whose text the device
    still has (with no facts where they have no place on these cards, as those of another facility).
    `shipments` says of each line of an expected shipment whether it was received.
    """
    work = _work(own, kept, shipments)
    floors: dict[CardKey, SortKey] = {}
    found: dict[CardKey, View] = {}
    for card, row in rows.items():
        if row.counted is not None:
            floors[card.place] = max(row.counted, floors.get(card.place, row.counted))
        doubtful = work.doubtful_rows or card.product in work.doubtful_products
        found[card] = view_of(row, work.on(card), back=work.back.get(card, ()), doubtful=doubtful)
    for card in work.facts:
        if card not in rows:
            doubtful = card.product in work.doubtful_products
            found[card] = view_of(None, work.on(card), floor=floors.get(card.place), doubtful=doubtful)
    return found


def _work(
    own: Sequence[OwnOperation], kept: Sequence[OwnOperation], shipments: Mapping[Claim, bool]
) -> _Work:
    work = _Work()
    reversed_ = {one.reverses for one in (*own, *kept)}
    stands = _claims(shipments, work.doubtful_products)
    for one in sorted(own, key=lambda each: each.key):
        if one.resent:
            work.doubtful_products.update(card.product for card in one.facts)
        if one.id in reversed_:
            continue
        for card, fact in one.facts.items():
            if one.shipment is None or stands((one.shipment, card.product, card.lot), one.id):
                work.facts.setdefault(card, []).append(OwnFact(fact, one.resent == "answered"))
        if one.all_lots:
            for place in {card.place for card in one.facts}:
                work.zeros.append((place, set(one.facts), CardFact(one.effective_at, one.id, True, 0)))
    by_id = {one.id: one for one in kept}
    before = {one.id for one in own} | {one.reverses for one in kept}
    for target in {one.reverses for one in own if one.reverses is not None} - before:
        taken = by_id.get(target)
        if taken is None:
            work.doubtful_rows = True
            continue
        for card, fact in taken.facts.items():
            if not taken.uncertain:
                work.back.setdefault(card, []).append(fact)
            if taken.uncertain or taken.all_lots or taken.shipment is not None:
                work.doubtful_products.add(card.product)
    by_id |= {one.id: one for one in own}
    for target in {one.unsettles for one in own if one.unsettles is not None}:
        if target in by_id:
            work.doubtful_products.update(card.product for card in by_id[target].facts)
        else:
            work.doubtful_rows = True
    return work


def _claims(shipments: Mapping[Claim, bool], doubtful_products: set[str]) -> Callable[[Claim, str], bool]:
    """Whether a receipt stands for a line; to be asked in effective order."""
    first: dict[Claim, str] = {}

    def stands(claim: Claim, operation: str) -> bool:
        if shipments.get(claim) is not False:
            # Whether a receipt from elsewhere comes before this one is not known, nor on which card it is.
            doubtful_products.add(claim[1])
        return first.setdefault(claim, operation) == operation

    return stands
