"""What a reader of the API may see: conditions on facilities and products, and codes turned into ids.

What is out of sight is answered like what does not exist.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, true
from sqlmodel import Session, col, select

from backend.models import Facility, Product
from backend.problems import Problem
from backend.services.scope import Scope, products_in_view
from backend.web.viewer import Viewer


def scope_of(session: Session, viewer: Viewer, right: str) -> Scope:
    """Facilities where the reader holds the right, products of the programs they are narrowed to."""
    return Scope(viewer.facilities(right), products_in_view(session, viewer.access))


def within(scope: Scope, facility: Any = None, product: Any = None) -> ColumnElement[bool]:
    """The condition that these columns of ids are in sight."""
    conditions: list[ColumnElement[bool]] = [true()]
    if facility is not None and scope.facilities is not None:
        conditions.append(facility.in_(scope.facilities))
    if product is not None and scope.products is not None:
        conditions.append(product.in_(scope.products))
    return and_(*conditions)


def facility_id(session: Session, scope: Scope, code: str) -> int:
    """The id of a facility in sight. Raises Problem 404 `unknown_facility`."""
    found = session.exec(select(Facility.id).where(Facility.code == code)).first()
    if found is None or not scope.has_facility(found):
        raise Problem(404, "unknown_facility", "There is no facility with this code.")
    return found


def product_id(session: Session, scope: Scope, code: str) -> int:
    """The id of a product in sight. Raises Problem 404 `unknown_product`."""
    found = session.exec(select(Product.id).where(Product.code == code)).first()
    if found is None or not scope.has_product(found):
        raise Problem(404, "unknown_product", "There is no product with this code.")
    return found


def codes(session: Session, column_of: type[Facility] | type[Product], ids: Any) -> dict[int, str]:
    """Codes by id."""
    rows = session.exec(
        select(column_of.id, column_of.code).where(col(column_of.id).in_({one for one in ids if one}))
    ).all()
    return {id_: code for id_, code in rows if id_ is not None}
