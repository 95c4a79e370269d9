"""What one person may look at: the facilities where a right is held, and the products of their programs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from backend.models import Approval
from backend.services.access import Access


@dataclass(frozen=True, slots=True)
class Scope:
    """Facility ids and product ids in view; None means all of them."""

    facilities: frozenset[int] | None
    products: frozenset[int] | None

    def has_facility(self, facility_id: int) -> bool:
        """Whether the facility is in view."""
        return self.facilities is None or facility_id in self.facilities

    def has_product(self, product_id: int) -> bool:
        """Whether the product is in view."""
        return self.products is None or product_id in self.products

    @property
    def is_empty(self) -> bool:
        """Whether there is no facility at all to look at."""
        return self.facilities is not None and not self.facilities


def products_in_view(session: Session, access: Access) -> frozenset[int] | None:
    """Ids of the products of the programs that a person is narrowed to; None when they are not narrowed."""
    if access.programs is None:
        return None
    approved = select(Approval.product_id).where(col(Approval.program_id).in_(access.programs))
    return frozenset(session.exec(approved.distinct()).all())
