"""Which cards cannot simply be appended to, and why: something is late, reversed, moved, or near a count.

What becomes of those is services.late's; all others take the short way through services.ledger.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from backend.services import card_store, exceptions, late, transfers
from backend.services.card_store import OpenCard
from backend.services.changes import Numbers
from backend.services.exceptions import Flag
from backend.services.kept_cards import Kept
from backend.services.late import Change, Desk, Refolded
from backend.services.postings import CardKey, LotKey, Move, Posting
from backend.services.reversals import Reversed, reversed_before
from backend.services.shelf import NOBODY, Knowledge, Placed
from sync.conflicts import OVERLAP_MS, Witness
from sync.fold import CardFact, CardState, CountOutcome, SortKey


@dataclass(slots=True)
class Work:
    """One posting on its way: the cards that it touches, and what becomes of them.

    `kept` is what is known of the facility's cards and lots beyond this posting; `keys` are the cards of the postings'
    entries, one after the other.
    """

    desk: Desk
    numbers: Numbers
    kept: Kept
    cards: dict[CardKey, OpenCard]
    fresh: dict[CardKey, list[CardFact]]
    told: dict[LotKey, set[str | None]]
    keys: list[CardKey]
    implied: list[tuple[CardKey, SortKey, str]] = field(default_factory=list)
    watch: dict[CardKey, list[int]] = field(default_factory=dict)
    close_look: dict[CardKey, Change] = field(default_factory=dict)
    states: dict[CardKey, CardState] = field(default_factory=dict)
    counts: dict[int, dict[SortKey, CountOutcome]] = field(default_factory=dict)
    refolded: dict[CardKey, Refolded] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def imply(work: Work, postings: Sequence[Posting]) -> None:
    """Counts of 0 that follow from `all_lots`: of these counts on other cards, of earlier ones on new cards."""
    here = work.desk.connection, work.desk.facility_id
    new = {key for key, card in work.cards.items() if card.is_new}
    full = [posting for posting in postings if posting.all_lots]
    for key, place in card_store.full_counts_of(*here, new) if new else ():
        work.implied.append((key, place, place[1]))
    for posting in full:
        named = {entry.card_key for entry in posting.entries}
        at = posting.entries[0].effective_at
        shelves = {(product, location, account) for product, _, location, account in named}
        for card in card_store.cards_on(*here, shelves):
            work.cards.setdefault(card.key, card)
        for key in work.cards:
            if (key[0], key[2], key[3]) in shelves and key not in named:
                work.implied.append((key, (at, posting.operation_id), posting.operation_id))
        card_store.write_full_count(*here, posting.operation_id, at, shelves)


def look_closely(
    work: Work,
    postings: Sequence[Posting],
    gone: Reversed,
    claims: transfers.Claims,
    moves: Sequence[Move],
) -> None:
    """Which cards cannot simply be appended to, and why."""
    by_number = {card.number: card for card in work.cards.values()}
    touched = {*gone.places, *claims.out, *claims.back, *(move.card for move in moves)} - by_number.keys()
    for card in card_store.cards_numbered(work.desk.connection, work.desk.facility_id, touched):
        by_number[card.number] = card
        work.cards[card.key] = card

    def change(number: int) -> Change:
        card = by_number[number]
        return work.close_look.setdefault(card.key, Change(card))

    for number, places in gone.places.items():
        change(number).places += places
    here = work.desk.connection, work.desk.facility_id
    for number, ones in claims.out.items():
        change(number).places += ones.values()
        work.closed += exceptions.standing_of(*here, ones, ("count_overlap",), number)
    for number, places in claims.left.items():
        change(number).places += places
    for number, ones in claims.back.items():
        change(number).places += ones.values()
        change(number).back |= ones.keys()
    for move in moves:
        change(move.card).places += card_store.move(work.desk.connection, work.desk.facility_id, move)
    for key, _, _ in work.implied:
        change(work.cards[key].number)
    out = {(id_, number) for number, ones in claims.out.items() for id_ in ones}
    by_id = {posting.operation_id: posting for posting in postings}
    marked = gone.before | {posting.operation_id for posting in postings if posting.by_day}
    device = postings[0].device if postings else ""
    for key, facts in work.fresh.items():
        card = work.cards[key]
        if len(facts) > 1:
            facts.sort()
        if key in work.close_look or _needs_close_look(card, facts, marked, device):
            placed = [
                _placed(
                    work, key, by_id[fact.id], fact, fact.id in gone.before or (fact.id, card.number) in out
                )
                for fact in facts
            ]
            change(card.number).fresh += placed
    _add_implied(work, by_id, gone)
    for key, changed in work.close_look.items():
        # What is out of the fold can no longer be told from the card, but authors of later counts have seen it.
        left = [at for at, _ in changed.places]
        left += [one.witness.at for one in changed.fresh if one.place is None]
        work.watch.setdefault(key, []).extend(left)


def _needs_close_look(card: OpenCard, facts: Sequence[CardFact], marked: Set[str], device: str) -> bool:
    """Whether more than the card itself has to be read; `marked` operations are reversed or dated by day."""
    first, last = facts[0], card.state.last
    if last is not None and (first.effective_at, first.id) <= last:
        return True
    if marked and any(fact.id in marked for fact in facts):
        return True
    if len(facts) > 1 and _counted_back(facts):
        return True
    if not device:
        return False
    if first.effective_at <= card.watch_until:
        return True
    if card.watch_by == device or not card.watch_by:
        return False
    return last is not None and first.effective_at <= last[0] + OVERLAP_MS


def _counted_back(facts: Sequence[CardFact]) -> bool:
    """Whether a count stands before something that was recorded earlier; `facts` are in the fold's order."""
    return any(
        fact.counted and any(later.id < fact.id for later in facts[n:]) for n, fact in enumerate(facts)
    )


def _placed(work: Work, key: CardKey, posting: Posting, fact: CardFact, out: bool) -> Placed:
    device, change, seen, by_day, held = _known_of(work, posting)
    day = work.desk.days.of(fact.effective_at)[0]
    witness = Witness(fact.id, fact.effective_at, fact.counted, device, change, seen, by_day, day, held=held)
    line = min(entry.line for entry in posting.entries if entry.card_key == key)
    return Placed(witness, None if out else (fact.effective_at, fact.id), fact.quantity, line)


def _known_of(work: Work, posting: Posting) -> Knowledge:
    since = posting.held_since
    change = work.numbers.mark if since is None else since
    return posting.device, change, posting.seen, posting.by_day, since is not None


def _add_implied(work: Work, postings: dict[str, Posting], gone: Reversed) -> None:
    earlier = {id_ for _, _, id_ in work.implied} - postings.keys()
    stored = late.stored_witnesses(work.desk, earlier)
    taken_back = gone.before | gone.operations
    if earlier:
        taken_back |= reversed_before(work.desk.connection, work.desk.facility_id, earlier)
    for key, place, id_ in work.implied:
        at = place[0]
        work.watch.setdefault(key, []).append(at + OVERLAP_MS)
        if id_ in postings:
            known = _known_of(work, postings[id_])
        else:
            known = stored.get(id_, NOBODY)
        witness = Witness(id_, at, True, *known[:4], work.desk.days.of(at)[0], True, known[4])
        out = id_ in taken_back
        work.close_look[key].fresh.append(Placed(witness, None if out else place, 0, -1))
