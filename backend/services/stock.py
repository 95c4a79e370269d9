"""Where every facility stands with every product it manages, computed set-wise in a handful of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from backend.domain.indicators import months_of_stock_tenths
from backend.domain.periods import period_of, shifted
from backend.domain.resupply import InventoryPolicy, is_emergency, levels, quantity_to_order, stock_status
from backend.models import Approval, Card, Facility, Policy, Product, Program
from backend.models.base import SHARED_SCOPE
from backend.services.access import zone_tree
from backend.services.changes import last_change
from backend.services.consumption import Pair, average_consumption
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Position:
    """One facility and product now: quantities in dispensing units, None where unknown."""

    facility_id: int
    product_id: int
    on_hand: int
    amc: int | None
    months_of_stock_tenths: int | None
    minimum: int | None
    maximum: int | None
    emergency: int | None
    order: int | None
    status: str
    is_emergency: bool

    @property
    def months_of_stock(self) -> float | None:
        """Months of stock to one decimal, for showing; count with `months_of_stock_tenths`."""
        return None if self.months_of_stock_tenths is None else self.months_of_stock_tenths / 10


def positions(
    session: Session,
    settings: Settings,
    now: int,
    *,
    facility_ids: Collection[int] | None = None,
    product_ids: Collection[int] | None = None,
) -> list[Position]:
    """Positions by facility id, then product id, of what each facility manages.

    A facility manages a product that is approved for its type or has a card. AMC is of complete local
    months only. A policy of a named program beats the one for all programs.
    """
    facilities = kinds_of(session, facility_ids)
    packs = _pack_sizes(session, product_ids)
    on_hand = stock_on_hand(session, facility_ids=facility_ids, product_ids=product_ids)
    rules = Rules(session)
    managed = set(on_hand)
    for facility, (type_id, _zone, active) in facilities.items():
        if active:
            managed |= {(facility, product) for product in rules.approved(type_id) if product in packs}
    until = last_complete_months(session, settings, now, facilities)
    amcs = average_consumption(session, settings, until=until, product_ids=product_ids)
    found = []
    for facility, product in sorted(managed):
        policy = rules.policy(facilities[facility][0], product)
        pair = (facility, product)
        found.append(_position(pair, on_hand.get(pair, 0), amcs.get(pair), policy, packs.get(product, 1)))
    return found


def stock_on_hand(
    session: Session,
    *,
    facility_ids: Collection[int] | None = None,
    product_ids: Collection[int] | None = None,
) -> dict[Pair, int]:
    """The sum of the cards of each facility and product that has any."""
    statement = select(col(Card.facility_id), col(Card.product_id), func.sum(col(Card.on_hand)))
    if facility_ids is not None:
        statement = statement.where(col(Card.facility_id).in_(facility_ids))
    if product_ids is not None:
        statement = statement.where(col(Card.product_id).in_(product_ids))
    grouped = statement.group_by(col(Card.facility_id), col(Card.product_id))
    return {(facility, product): int(total) for facility, product, total in session.execute(grouped)}


class Rules:
    """Approvals and inventory policies, held whole: a country has some thousands."""

    def __init__(self, session: Session) -> None:
        self._approved: dict[int | None, set[int]] = defaultdict(set)
        self._programs: dict[tuple[int | None, int], list[int]] = defaultdict(list)
        self._everywhere: dict[int, list[int]] = defaultdict(list)
        self._policies: dict[tuple[int, int | None], InventoryPolicy] = {}
        approvals = (
            select(col(Approval.program_id), col(Approval.product_id), col(Approval.facility_type_id))
            .join(Program, col(Program.id) == col(Approval.program_id))
            .join(Product, col(Product.id) == col(Approval.product_id))
            .where(col(Program.active), col(Product.active))
            .order_by(col(Program.code))
        )
        for program, product, type_id in session.execute(approvals):
            self._approved[type_id].add(product)
            self._programs[type_id, product].append(program)
            self._everywhere[product].append(program)
        for row in session.scalars(select(Policy)):
            self._policies[row.facility_type_id, row.program_id] = InventoryPolicy(
                row.minimum_month_hundredths, row.maximum_month_hundredths, row.emergency_month_hundredths
            )

    def approved(self, type_id: int) -> set[int]:
        """Products that facilities of a type manage by approval."""
        return self._approved.get(type_id, set()) | self._approved.get(None, set())

    def policy(self, type_id: int, product_id: int) -> InventoryPolicy | None:
        """The policy of a product at a facility type.

        Programs that approve the product there are asked first, in the order of their codes; where none
        does (the facility has a card without an approval), those that approve it for other types.
        """
        here = [*self._programs.get((type_id, product_id), ()), *self._programs.get((None, product_id), ())]
        for program in here or self._everywhere.get(product_id, []):
            if (type_id, program) in self._policies:
                return self._policies[type_id, program]
        return self._policies.get((type_id, None))


def rules_stand(session: Session) -> tuple[int, ...]:
    """While this is the same, so is what positions hang on beside ledger and time: shared data, policies, approvals."""
    # Policies are a few dozen rows that are changed in place; approvals only come and go.
    policies = select(
        *(col(Policy.id), col(Policy.minimum_month_hundredths), col(Policy.maximum_month_hundredths)),
        col(Policy.emergency_month_hundredths),
    ).order_by(col(Policy.id))
    told = [number for row in session.execute(policies) for number in row]
    count, last = session.execute(
        select(func.count(), func.max(col(Approval.id))).select_from(Approval)
    ).one()
    return last_change(session, SHARED_SCOPE), *told, count, last or 0


def _position(
    pair: Pair, on_hand: int, amc: int | None, policy: InventoryPolicy | None, pack: int
) -> Position:
    known = None if amc is None or policy is None else levels(amc, policy)
    return Position(
        facility_id=pair[0],
        product_id=pair[1],
        on_hand=on_hand,
        amc=amc,
        months_of_stock_tenths=None if amc is None else months_of_stock_tenths(on_hand, amc),
        minimum=known.minimum if known else None,
        maximum=known.maximum if known else None,
        emergency=known.emergency if known else None,
        order=quantity_to_order(known.maximum, on_hand, pack) if known else None,
        status=stock_status(on_hand, known),
        is_emergency=is_emergency(on_hand, known),
    )


def kinds_of(session: Session, ids: Collection[int] | None) -> dict[int, tuple[int, int, bool]]:
    """Type, zone and whether it is active, by facility id."""
    statement = select(
        col(Facility.id), col(Facility.type_id), col(Facility.zone_id), col(Facility.active)
    ).where(*([] if ids is None else [col(Facility.id).in_(ids)]))
    return {id_ or 0: (type_id, zone, active) for id_, type_id, zone, active in session.execute(statement)}


def _pack_sizes(session: Session, ids: Collection[int] | None) -> dict[int, int]:
    statement = select(col(Product.id), col(Product.pack_size))
    if ids is not None:
        statement = statement.where(col(Product.id).in_(ids))
    return {id_ or 0: pack for id_, pack in session.execute(statement)}


def last_complete_months(
    session: Session, settings: Settings, now: int, facilities: dict[int, tuple[int, int, bool]]
) -> dict[int, int]:
    """By facility, the month before the one that `now` falls in at its place."""
    tree = zone_tree(session)
    by_zone: dict[int, int] = {}
    for _type, zone, _active in facilities.values():
        if zone not in by_zone:
            by_zone[zone] = shifted(period_of(now, tree.time_zone(zone, settings.time_zone)), -1)
    return {facility: by_zone[zone] for facility, (_type, zone, _active) in facilities.items()}
