"""Recalls, narrowed to those of the zones that the facility is in. There are few: which are meant is seen here."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import col

from backend.clock import to_iso
from backend.models import Product, Recall
from backend.services.access import zone_tree
from sync.entities.viewpoint import Found, Viewpoint, gone, upsert


def recalls(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Open ones; one that was closed comes once more, to a device that may have it open."""
    statement = (
        select(Recall, col(Product.code))
        .join(Product, col(Product.id) == col(Recall.product_id))
        .where(col(Recall.change) > after)
        .order_by(col(Recall.change))
        .limit(limit)
    )
    found = at.session.execute(statement).all()
    if not found:
        return
    tree = zone_tree(at.session)
    here = {None, *tree.above(at.view.zone)}
    before = {zone for view in at.was for zone in tree.above(view.zone)}
    for row, product in found:
        if row.zone_id not in here:
            may_have = row.change > at.base or row.zone_id in before
            yield row.change, gone("recall", row.id) if may_have else None
            continue
        if row.closed_at is not None and row.change <= at.base:
            yield row.change, None
            continue
        seen: dict[str, object] = {
            "id": row.id,
            "product": product,
            "lots": json.loads(row.lots),
            "reason": row.reason,
            "instruction": row.instruction,
            "opened_at": to_iso(row.opened_at),
            "closed_at": None if row.closed_at is None else to_iso(row.closed_at),
        }
        yield row.change, upsert("recall", row.id, seen)
