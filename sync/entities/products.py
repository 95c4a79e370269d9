"""Products, narrowed to what the facility handles: approved for its type by any program, or on a card here.

Where no program approves anything for the type (a small installation, an import) the catalogue is not narrowed.
A product enters with its first card although its own row did not change. A card's number is the facility's
change number of its making, so the products of cards made since the cursor are found by their numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from backend.models import Approval, Card, Product, ProductIdentifier, Program
from sync.cursor import View
from sync.entities.viewpoint import Found, Viewpoint, any_of, approved_for, for_type, gone, upsert


def is_narrowed(session: Session, type_id: int) -> bool:
    """Whether anything at all is approved for a facility type."""
    return session.execute(select(col(Approval.id)).where(for_type(type_id)).limit(1)).first() is not None


def products(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Products that changed; those that only a card not yet pulled brings in come with it (`newcomers`)."""
    first_card = (
        select(func.min(col(Card.number)))
        .where(col(Card.facility_id) == at.facility_id, col(Card.product_id) == col(Product.id))
        .scalar_subquery()
    )
    # Two columns of nothing where they are not needed: an unnarrowed catalogue asks for neither per row.
    approved = approved_for(at.view.type) if at.view.narrowed else literal(True)
    card = first_card if at.view.narrowed else literal(None)
    wanted = (
        or_(
            approved,
            first_card <= at.pulled,
            col(Product.change) > at.base,
            any_of([_seen_from(view) for view in at.was]),
        )
        if at.view.narrowed
        else true()
    )
    statement = (
        select(Product, approved, card)
        .where(col(Product.change) > after, wanted)
        .order_by(col(Product.change))
        .limit(limit)
    )
    found = at.session.execute(statement).all()
    rows = _rows(at, [product for product, _, _ in found])
    for product, is_approved, card_number in found:
        if is_approved or (card_number is not None and card_number <= at.pulled):
            yield product.change, upsert("product", product.code, rows[product.id])
        elif card_number is not None:
            yield product.change, None
        else:
            yield product.change, gone("product", product.code)


def newcomers(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Products that nobody approved for here, as the first card of each comes into being; by the card's number."""
    if not at.view.narrowed:
        return
    earlier = aliased(Card)
    first = (
        select(func.min(col(earlier.number)))
        .where(
            col(earlier.facility_id) == col(Card.facility_id), col(earlier.product_id) == col(Card.product_id)
        )
        .scalar_subquery()
    )
    statement = (
        select(col(Card.number), Product)
        .join(Product, col(Product.id) == col(Card.product_id))
        .where(
            and_(col(Card.facility_id) == at.facility_id, col(Card.number) > after),
            ~approved_for(at.view.type),
            col(Card.number) == first,
        )
        .order_by(col(Card.number))
        .limit(limit)
    )
    found = at.session.execute(statement).all()
    rows = _rows(at, [product for _, product in found])
    for number, product in found:
        yield number, upsert("product", product.code, rows[product.id])


def _seen_from(view: View) -> ColumnElement[bool]:
    return approved_for(view.type) if view.narrowed else true()


def _rows(at: Viewpoint, found: Sequence[Product]) -> dict[int | None, dict[str, object]]:
    """The rows as they are sent, by product id: with identifiers, and programs that approve them for the type."""
    ids = [row.id for row in found]
    identifiers: dict[int, list[dict[str, str]]] = defaultdict(list)
    named = (
        select(ProductIdentifier)
        .where(col(ProductIdentifier.product_id).in_(ids))
        .order_by(col(ProductIdentifier.system), col(ProductIdentifier.value))
    )
    for one in at.session.scalars(named):
        identifiers[one.product_id].append({"system": one.system, "value": one.value})
    programs: dict[int, set[str]] = defaultdict(set)
    approvals = (
        select(col(Approval.product_id), col(Program.code))
        .join(Program, col(Program.id) == col(Approval.program_id))
        .where(col(Approval.product_id).in_(ids), for_type(at.view.type))
    )
    for product_id, program in at.session.execute(approvals):
        programs[product_id].add(program)
    return {
        row.id: {
            "code": row.code,
            "name": row.name,
            "dispensing_unit": row.dispensing_unit,
            "pack_size": row.pack_size,
            "category": row.category,
            "indicator": row.indicator,
            "controlled": row.controlled,
            "cold_chain": row.cold_chain,
            "uses_vvm": row.uses_vvm,
            "pack_price_minor": row.pack_price_minor,
            "pack_price_currency": row.pack_price_currency,
            "programs": sorted(programs[row.id or 0]),
            "identifiers": identifiers[row.id or 0],
            "active": row.active,
        }
        for row in found
    }
