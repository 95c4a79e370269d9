"""Lists of stock: what stands behind a number of the overview, one facility, one product."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from backend.domain.resupply import STATUSES
from backend.models import Card, Lot
from backend.problems import Problem
from backend.services.overview import Tally, tallies
from backend.services.sight import Country, Item, Place, Sight
from backend.services.stock import Position

EMERGENCY = "emergency"
FILTERS = (*STATUSES, EMERGENCY)
_NEED = {"stocked_out": 0, "understocked": 1, "unknown": 2, "according_to_plan": 3, "overstocked": 4}


@dataclass(frozen=True, slots=True)
class Line:
    """One facility and product, and the way to the facility through its zones."""

    place: Place
    item: Item
    position: Position
    way: str


@dataclass(frozen=True, slots=True)
class CardSummary:
    """A product's cards at a facility: how many hold stock, the earliest expiry among those, the last count."""

    cards: int = 0
    expiry: str | None = None
    counted_at: int | None = None


@dataclass(frozen=True, slots=True)
class StockPage:
    """A list of lines with what it was filtered by; `total` counts the lines before the limit."""

    lines: Sequence[Line]
    total: int
    zone: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class PlacePage:
    """One facility: its products, with a summary of their cards."""

    place: Place
    way: Sequence[tuple[int, str]]
    tally: Tally
    lines: Sequence[tuple[Line, CardSummary]]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One product over all facilities in sight that manage it; `on_hand` in dispensing units."""

    item: Item
    zone: tuple[int, str] | None
    tally: Tally
    on_hand: int
    lines: Sequence[Line]


def stock_page(
    session: Session, sight: Sight, *, status: str, zone_id: int | None, text: str, limit: int
) -> StockPage:
    """Lines in a zone (None: all in sight) at a status, whose facility or product matches a text; neediest first."""
    country = Country(session, sight)
    zone = _zone(country, zone_id)
    positions = country.positions(None if zone is None else country.below(zone[0]))
    lines = [
        line
        for line in _lines(country, of_status(positions, status))
        if matches(text, line.place.name, line.place.code, line.item.name, line.item.code)
    ]
    return StockPage(lines[:limit], len(lines), zone)


def place_page(session: Session, sight: Sight, code: str, status: str) -> PlacePage:
    """A facility's products at a status (empty: all). Raises Problem 404 out of sight."""
    country = Country(session, sight)
    place = country.place(code)
    positions = country.positions(frozenset({place.id}))
    cards = card_summaries(session, place.id)
    lines = _lines(country, of_status(positions, status))
    return PlacePage(
        place=place,
        way=country.way(place.zone_id),
        tally=tally_of(positions),
        lines=[(line, cards.get(line.item.id, CardSummary())) for line in lines],
    )


def item_page(session: Session, sight: Sight, code: str, *, status: str, zone_id: int | None) -> ItemPage:
    """A product at the facilities of a zone (None: all in sight) at a status (empty: all). Problem 404 out of sight."""
    country = Country(session, sight)
    item = country.item(code)
    zone = _zone(country, zone_id)
    inside = None if zone is None else country.below(zone[0])
    positions = [one for one in country.positions(inside) if one.product_id == item.id]
    return ItemPage(
        item=item,
        zone=zone,
        tally=tally_of(positions),
        on_hand=sum(one.on_hand for one in positions),
        lines=_lines(country, of_status(positions, status)),
    )


def _zone(country: Country, zone_id: int | None) -> tuple[int, str] | None:
    if zone_id is None:
        return None
    country.require_zone(zone_id)
    return zone_id, country.tree.nodes[zone_id].name


def tally_of(positions: Collection[Position]) -> Tally:
    """Positions counted together."""
    return tallies((0, position) for position in positions)[0]


def of_status(positions: Collection[Position], status: str) -> list[Position]:
    """Positions at a status, or below their emergency order point; all for an empty one. Problem 400 for another."""
    if not status:
        return list(positions)
    if status == EMERGENCY:
        return [one for one in positions if one.is_emergency]
    if status not in STATUSES:
        raise Problem(400, "unknown_status", "There is no such stock status.")
    return [one for one in positions if one.status == status]


def matches(text: str, *names: str) -> bool:
    """Whether every word of a search is in one of the names, capitals aside."""
    whole = " ".join(names).casefold()
    return all(word in whole for word in text.casefold().split())


def card_summaries(session: Session, facility_id: int) -> dict[int, CardSummary]:
    """By product id, what a facility's cards come to."""
    same_lot = and_(
        col(Lot.facility_id) == col(Card.facility_id),
        col(Lot.product_id) == col(Card.product_id),
        col(Lot.number) == col(Card.lot),
    )
    held = col(Card.on_hand) != 0
    rows = session.execute(
        select(
            col(Card.product_id),
            func.count().filter(held),
            func.min(col(Lot.expiry)).filter(held),
            func.max(col(Card.counted_at)),
        )
        .join(Lot, same_lot, isouter=True)
        .where(col(Card.facility_id) == facility_id)
        .group_by(col(Card.product_id))
    )
    return {product: CardSummary(cards, expiry, counted) for product, cards, expiry, counted in rows}


def _lines(country: Country, positions: Collection[Position]) -> list[Line]:
    ways = {zone: " / ".join(name for _id, name in country.way(zone)) for zone in country.zones}
    lines = []
    for position in positions:
        place = country.places[position.facility_id]
        lines.append(Line(place, country.items[position.product_id], position, ways[place.zone_id]))
    return sorted(lines, key=_by_need)


def _by_need(line: Line) -> tuple[int, int, str, str]:
    months = line.position.months_of_stock_tenths
    return (
        _NEED[line.position.status],
        0 if months is None else months,
        line.item.name,
        line.place.name,
    )
