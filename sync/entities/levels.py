"""Levels of the facility's products: what it uses in a month, and what it should have (services.levels)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import col

from backend.domain.periods import format_period
from backend.models import Level, Product
from sync.entities.viewpoint import Found, Viewpoint, upsert


def levels(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Levels that were computed otherwise than before."""
    statement = (
        select(Level, col(Product.code))
        .join(Product, col(Product.id) == col(Level.product_id))
        .where(col(Level.facility_id) == at.facility_id, col(Level.change) > after)
        .order_by(col(Level.change))
        .limit(limit)
    )
    for row, product in at.session.execute(statement):
        seen: dict[str, object] = {
            "product": product,
            "amc": row.amc,
            "months_reported": row.months_reported,
            "minimum": row.minimum,
            "maximum": row.maximum,
            "order_point": row.order_point,
            "minimum_months": row.minimum_months,
            "maximum_months": row.maximum_months,
            "as_of": format_period(row.as_of),
        }
        yield row.change, upsert("level", product, seen)
