"""Counts of stock status over zones and products: each a number that opens the list behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from backend.domain.resupply import STATUSES
from backend.services.sight import Country, Item, Place, Sight
from backend.services.stock import Position


@dataclass(slots=True)
class Tally:
    """How many facility and product pairs stand at each status; `emergencies` are below their order point."""

    by_status: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    emergencies: int = 0

    def add(self, position: Position) -> None:
        """Count one pair."""
        self.by_status[position.status] += 1
        self.emergencies += position.is_emergency

    @property
    def total(self) -> int:
        """All pairs counted."""
        return sum(self.by_status.values())

    @property
    def in_need(self) -> tuple[int, int]:
        """What lists are sorted by: stocked out first, then understocked."""
        return self.by_status["stocked_out"], self.by_status["understocked"]


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A zone just below the one looked at."""

    id: int
    name: str
    facilities: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A facility with the status of what it manages."""

    place: Place
    way: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class ItemLine:
    """A product over the facilities that manage it; `on_hand` is their sum, in dispensing units."""

    item: Item
    facilities: int
    on_hand: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class ZonePage:
    """Everything below one zone, or (`zone` None) everything in sight."""

    zone: tuple[int, str] | None
    way: Sequence[tuple[int, str]]
    facility_ids: frozenset[int]
    tally: Tally
    zones: Sequence[ZoneLine]
    places: Sequence[PlaceLine]
    items: Sequence[ItemLine]


def zone_page(session: Session, sight: Sight, zone_id: int | None) -> ZonePage:
    """The zones below, the facilities in the zone itself, and the products, indicators and those in need first.

    Without a zone it begins where the tree in sight first branches. Raises Problem 404 for a zone out of sight.
    """
    country = Country(session, sight)
    if zone_id is not None:
        country.require_zone(zone_id)
    top = zone_id if zone_id is not None else country.first_branch
    inside = country.below(top) if zone_id is not None and top is not None else None
    positions = country.positions(inside)
    by_place = tallies((position.facility_id, position) for position in positions)
    return ZonePage(
        zone=(zone_id, country.tree.nodes[zone_id].name) if zone_id is not None else None,
        way=country.way(zone_id)[:-1] if zone_id is not None else (),
        facility_ids=inside if inside is not None else _active(country),
        tally=_sum(by_place.values()),
        zones=_zone_lines(country, top, by_place),
        places=_place_lines(
            country, [one for one in country.places.values() if one.zone_id == top], by_place
        ),
        items=item_lines(country, positions),
    )


def places_page(session: Session, sight: Sight, zone_id: int | None) -> tuple[list[PlaceLine], str]:
    """Facilities of a zone (None: all in sight), inactive ones last, and the zone's name. Problem 404 out of sight."""
    country = Country(session, sight)
    inside = None
    if zone_id is not None:
        country.require_zone(zone_id)
        inside = country.tree.subtree(zone_id)
    by_place = tallies((position.facility_id, position) for position in country.positions())
    lines = [
        PlaceLine(place, _way(country, place), by_place.get(place.id, Tally()))
        for place in country.places.values()
        if inside is None or place.zone_id in inside
    ]
    name = "" if zone_id is None else country.tree.nodes[zone_id].name
    return sorted(lines, key=lambda line: not line.place.active), name


def items_page(session: Session, sight: Sight, zone_id: int | None) -> tuple[list[ItemLine], str]:
    """Products that facilities of a zone (None: all in sight) manage, and the zone's name. Problem 404 out of sight."""
    country = Country(session, sight)
    if zone_id is None:
        return item_lines(country, country.positions()), ""
    country.require_zone(zone_id)
    positions = country.positions(country.below(zone_id))
    return item_lines(country, positions), country.tree.nodes[zone_id].name


def item_lines(country: Country, positions: Iterable[Position]) -> list[ItemLine]:
    """Products of these positions: indicators first, then those that are stocked out at most places."""
    by_item: dict[int, list[Position]] = defaultdict(list)
    for position in positions:
        by_item[position.product_id].append(position)
    lines = [
        ItemLine(
            country.items[id_],
            len(found),
            sum(position.on_hand for position in found),
            tallies((0, position) for position in found)[0],
        )
        for id_, found in by_item.items()
    ]
    return sorted(
        lines,
        key=lambda line: (
            not line.item.indicator,
            -line.tally.in_need[0],
            -line.tally.in_need[1],
            line.item.name,
        ),
    )


def tallies(keyed: Iterable[tuple[int, Position]]) -> dict[int, Tally]:
    """Positions counted by a key."""
    found: dict[int, Tally] = defaultdict(Tally)
    for key, position in keyed:
        found[key].add(position)
    return found


def _active(country: Country) -> frozenset[int]:
    return frozenset(place.id for place in country.places.values() if place.active)


def _zone_lines(country: Country, top: int | None, by_place: dict[int, Tally]) -> list[ZoneLine]:
    lines = []
    for child in country.tree.children(top):
        if child in country.zones:
            inside = country.below(child)
            tally = _sum(by_place[id_] for id_ in inside if id_ in by_place)
            lines.append(ZoneLine(child, country.tree.nodes[child].name, len(inside), tally))
    return lines


def _place_lines(country: Country, places: Iterable[Place], by_place: dict[int, Tally]) -> list[PlaceLine]:
    return [
        PlaceLine(place, _way(country, place), by_place.get(place.id, Tally()))
        for place in places
        if place.active
    ]


def _way(country: Country, place: Place) -> str:
    return " / ".join(name for _id, name in country.way(place.zone_id))


def _sum(parts: Iterable[Tally]) -> Tally:
    whole = Tally()
    for part in parts:
        whole.emergencies += part.emergencies
        for status, number in part.by_status.items():
            whole.by_status[status] += number
    return whole
