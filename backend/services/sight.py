"""What a manager's page is drawn from: who looks, at which facilities and products, and the country's frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlmodel import Session, col

from backend.domain.zones import Tree
from backend.models import Facility, FacilityType, Product
from backend.problems import Problem
from backend.services.access import zone_tree
from backend.services.position_cache import PositionCache
from backend.services.scope import Scope
from backend.services.stock import Position
from backend.settings import Settings


@dataclass(frozen=True)
class Sight:
    """One person's look at the stock, at a moment in UTC milliseconds; each right has a scope of its own."""

    stock: Scope
    exceptions: Scope
    devices: Scope
    settings: Settings
    cache: PositionCache
    now: int


@dataclass(frozen=True, slots=True)
class Place:
    """A facility, as far as lists need it."""

    id: int
    code: str
    name: str
    type: str
    operator: str
    zone_id: int
    active: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A product, as far as lists need it."""

    id: int
    code: str
    name: str
    unit: str
    pack_size: int
    category: str
    indicator: bool
    active: bool


class Country:
    """Zones, facilities and products in sight, read once for a page."""

    def __init__(self, session: Session, sight: Sight) -> None:
        self._session = session
        self._sight = sight
        self.tree: Tree = zone_tree(session)
        self.places: Mapping[int, Place] = {
            place.id: place for place in _places(session) if sight.stock.has_facility(place.id)
        }
        self.items: Mapping[int, Item] = {
            item.id: item for item in _items(session) if sight.stock.has_product(item.id)
        }
        self.zones: frozenset[int] = self._zones_in_sight()

    @property
    def is_narrowed(self) -> bool:
        """Whether only some products are in sight."""
        return self._sight.stock.products is not None

    def positions(self, facility_ids: frozenset[int] | None = None) -> list[Position]:
        """Positions of the active facilities in sight (of these alone, if given), of products in sight."""
        wanted = [
            place.id
            for place in self.places.values()
            if (place.active if facility_ids is None else place.id in facility_ids)
        ]
        kept = self._sight.cache.read(self._session, self._sight.settings, self._sight.now, wanted)
        return [one for id_ in wanted for one in kept[id_] if one.product_id in self.items]

    def below(self, zone_id: int) -> frozenset[int]:
        """Ids of the active facilities in sight in a zone and all below it."""
        zones = self.tree.subtree(zone_id)
        return frozenset(one.id for one in self.places.values() if one.active and one.zone_id in zones)

    def place(self, code: str) -> Place:
        """The facility in sight with this code. Raises Problem 404."""
        for place in self.places.values():
            if place.code == code:
                return place
        raise Problem(404, "not_found", "There is nothing here.")

    def item(self, code: str) -> Item:
        """The product in sight with this code. Raises Problem 404."""
        for item in self.items.values():
            if item.code == code:
                return item
        raise Problem(404, "not_found", "There is nothing here.")

    def require_zone(self, zone_id: int) -> None:
        """Raise Problem 404 for a zone that is not there or holds nothing in sight."""
        if zone_id not in self.zones:
            raise Problem(404, "not_found", "There is nothing here.")

    @cached_property
    def first_branch(self) -> int | None:
        """The lowest zone that everything in sight is in; None where the tree branches at its very top."""
        at: int | None = None
        while True:
            children = [child for child in self.tree.children(at) if child in self.zones]
            if len(children) != 1 or any(place.zone_id == at for place in self.places.values()):
                return at
            at = children[0]

    def way(self, zone_id: int) -> list[tuple[int, str]]:
        """Zones from just below the first branch down to this one, as (id, name): what tells places apart."""
        way: list[tuple[int, str]] = []
        at: int | None = zone_id
        while at is not None and at != self.first_branch:
            way.append((at, self.tree.nodes[at].name))
            at = self.tree.nodes[at].parent
        return way[::-1]

    def _zones_in_sight(self) -> frozenset[int]:
        found: set[int] = set()
        for place in self.places.values():
            at: int | None = place.zone_id
            while at is not None and at not in found:
                found.add(at)
                at = self.tree.nodes[at].parent
        return frozenset(found)


def _places(session: Session) -> list[Place]:
    rows = session.execute(
        select(
            col(Facility.id),
            col(Facility.code),
            col(Facility.name),
            col(FacilityType.name),
            col(Facility.operator),
            col(Facility.zone_id),
            col(Facility.active),
        )
        .join(FacilityType, col(FacilityType.id) == col(Facility.type_id))
        .order_by(col(Facility.name), col(Facility.code))
    )
    return [Place(id_ or 0, *rest) for id_, *rest in rows]


def _items(session: Session) -> list[Item]:
    rows = session.execute(
        select(
            col(Product.id),
            col(Product.code),
            col(Product.name),
            col(Product.dispensing_unit),
            col(Product.pack_size),
            col(Product.category),
            col(Product.indicator),
            col(Product.active),
        ).order_by(col(Product.name), col(Product.code))
    )
    return [Item(id_ or 0, *rest) for id_, *rest in rows]
