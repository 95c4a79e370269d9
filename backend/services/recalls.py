"""Recalls for those who look after facilities: where recalled lots are now, and what each facility did of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from backend.models import Card, Lot, Recall, Register
from backend.problems import Problem
from backend.services.sight import Country, Item, Place, Sight
from sync.registers import ANSWER


@dataclass(frozen=True, slots=True)
class RecallLine:
    """One recall; `lots` empty: all of the product. `zone` is its path, empty for everywhere.

    `holders` facilities in sight hold `on_hand` dispensing units of it, and `answered` have said what they did.
    """

    id: str
    item: Item
    lots: Sequence[str]
    reason: str
    instruction: str
    zone_id: int | None
    zone: str
    opened_at: int
    opened_by: str
    closed_at: int | None
    closed_by: str
    on_hand: int
    holders: int
    answered: int


@dataclass(frozen=True, slots=True)
class Holding:
    """So much of a lot in one place of a facility, in dispensing units."""

    lot: str
    location: str
    expiry: str | None
    on_hand: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a facility said it did of a lot (empty: without a number), in dispensing units; the latest stands."""

    lot: str
    found: int
    quarantined: int
    returned: int
    destroyed: int
    witness: str
    note: str
    author: str
    at: int


@dataclass(frozen=True, slots=True)
class Holder:
    """A facility that the recall is for, with what it holds now and has answered."""

    place: Place
    way: str
    holdings: Sequence[Holding]
    answers: Sequence[Answer]

    @property
    def on_hand(self) -> int:
        """All lots together."""
        return sum(one.on_hand for one in self.holdings)

    @property
    def is_silent(self) -> bool:
        """Whether it holds some and has said nothing."""
        return bool(self.holdings) and not self.answers


@dataclass(frozen=True, slots=True)
class RecallPage:
    """A recall and the facilities in sight that hold it or answered; of `unheard` neither is true."""

    line: RecallLine
    holders: Sequence[Holder]
    unheard: int


def recalls_page(session: Session, sight: Sight) -> list[RecallLine]:
    """The recalls in sight: open ones first, then the newest."""
    country = Country(session, sight)
    rows = session.execute(select(Recall).order_by(col(Recall.opened_at).desc(), col(Recall.id))).scalars()
    lines = [_line(row, country, _holders(session, country, row)) for row in rows if _in_sight(row, country)]
    return sorted(lines, key=lambda line: line.closed_at is not None)


def recall_page(session: Session, sight: Sight, recall_id: str) -> RecallPage:
    """One recall, facility by facility: those that hold some and are silent first. Raises Problem 404 out of sight."""
    country = Country(session, sight)
    row = recall_in_sight(session, country, recall_id)
    holders = _holders(session, country, row)
    ordered = sorted(holders, key=lambda one: (not one.is_silent, -one.on_hand, one.place.name))
    return RecallPage(_line(row, country, holders), ordered, len(_reached(row, country)) - len(holders))


def recall_in_sight(session: Session, country: Country, recall_id: str) -> Recall:
    """The row. Raises Problem 404 where it is not there, or its product or zone is out of sight."""
    row = session.get(Recall, recall_id)
    if row is None or not _in_sight(row, country):
        raise Problem(404, "not_found", "There is nothing here.")
    return row


def held_lots(session: Session, country: Country, item: Item) -> list[Holding]:
    """Every lot of a product that is held anywhere in sight, with how much; first to expire first."""
    found: dict[str, Holding] = {}
    for facility_id, one in _holdings(session, item.id, ()):
        if facility_id in country.places and one.lot:
            before = found.get(one.lot)
            on_hand = one.on_hand + (before.on_hand if before else 0)
            found[one.lot] = Holding(one.lot, "", one.expiry or (before.expiry if before else None), on_hand)
    return sorted(found.values(), key=lambda one: (one.expiry or "9999", one.lot))


def _in_sight(row: Recall, country: Country) -> bool:
    return row.product_id in country.items and (row.zone_id is None or row.zone_id in country.zones)


def _reached(row: Recall, country: Country) -> frozenset[int]:
    if row.zone_id is None:
        return frozenset(place.id for place in country.places.values() if place.active)
    return country.below(row.zone_id)


def _line(row: Recall, country: Country, holders: Iterable[Holder]) -> RecallLine:
    holders = list(holders)
    return RecallLine(
        id=row.id,
        item=country.items[row.product_id],
        lots=json.loads(row.lots),
        reason=row.reason,
        instruction=row.instruction,
        zone_id=row.zone_id,
        zone="" if row.zone_id is None else country.tree.path(row.zone_id),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        on_hand=sum(one.on_hand for one in holders),
        holders=sum(bool(one.holdings) for one in holders),
        answered=sum(bool(one.answers) for one in holders),
    )


def _holders(session: Session, country: Country, row: Recall) -> list[Holder]:
    reached = _reached(row, country)
    holdings: dict[int, list[Holding]] = {}
    for facility_id, one in _holdings(session, row.product_id, json.loads(row.lots)):
        if facility_id in reached:
            holdings.setdefault(facility_id, []).append(one)
    answers: dict[int, list[Answer]] = {}
    for facility_id, said in _answers(session, row.id):
        if facility_id in reached:
            answers.setdefault(facility_id, []).append(said)
    places = [country.places[id_] for id_ in holdings.keys() | answers.keys()]
    return [
        Holder(
            place,
            " / ".join(name for _id, name in country.way(place.zone_id)),
            holdings.get(place.id, []),
            answers.get(place.id, []),
        )
        for place in places
    ]


def _holdings(session: Session, product_id: int, lots: Sequence[str]) -> list[tuple[int, Holding]]:
    """(facility id, holding) of a product's cards with stock, of these lots alone if any are given."""
    same_lot = and_(
        col(Lot.facility_id) == col(Card.facility_id),
        col(Lot.product_id) == col(Card.product_id),
        col(Lot.number) == col(Card.lot),
    )
    place = (col(Card.facility_id), col(Card.lot), col(Card.location))
    statement = (
        select(*place, func.min(col(Lot.expiry)), func.sum(col(Card.on_hand)))
        .join(Lot, same_lot, isouter=True)
        .where(col(Card.product_id) == product_id, col(Card.on_hand) > 0)
        .group_by(*place)
        .order_by(*place)
    )
    if lots:
        statement = statement.where(col(Card.lot).in_(lots))
    return [
        (facility_id, Holding(lot, location, expiry, int(on_hand)))
        for facility_id, lot, location, expiry, on_hand in session.execute(statement)
    ]


def _answers(session: Session, recall_id: str) -> list[tuple[int, Answer]]:
    """(facility id, answer) of a recall, by lot."""
    rows = session.execute(
        select(
            col(Register.facility_id), col(Register.key), col(Register.value), col(Register.effective_at)
        ).where(col(Register.name) == ANSWER, col(Register.key).startswith(f'["{recall_id.lower()}",'))
    )
    found = []
    for facility_id, key, value, at in rows:
        lot = msgspec.json.decode(key, type=list[str])[2]
        found.append((facility_id, Answer(lot=lot, at=at, **msgspec.json.decode(value))))
    return sorted(found, key=lambda one: one[1].lot)
