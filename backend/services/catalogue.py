"""Programs, products with identifiers, approvals and inventory policies: the one place that writes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from backend.models import Approval, Policy, Product, ProductIdentifier, Program
from backend.problems import Problem
from backend.services.rows import Change, bring_to


class Catalogue:
    """Programs, products, their identifiers and approvals, held whole while many are saved."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.products = {row.code: row for row in session.exec(select(Product)).all()}
        self._programs = {row.code.casefold(): row for row in session.exec(select(Program)).all()}
        self._identifiers: dict[int, dict[tuple[str, str], ProductIdentifier]] = defaultdict(dict)
        for row in session.exec(select(ProductIdentifier)).all():
            self._identifiers[row.product_id][row.system, row.value] = row
        self._approved = {
            (row.program_id, row.product_id, row.facility_type_id)
            for row in session.exec(select(Approval)).all()
        }

    def find_program(self, code: str) -> int | None:
        """The program with this code, in any capitals; None when there is none."""
        found = self._programs.get(code.casefold())
        return found.id if found else None

    def program(self, code: str, name: str = "") -> int:
        """The program with this code, made (named by its code unless a name is given) where it is not there yet."""
        found = self._programs.get(code.casefold())
        if found is None:
            found = Program(code=code, name=name or code)
            self._session.add(found)
            self._session.flush()
            self._programs[code.casefold()] = found
        assert found.id is not None
        return found.id

    def save_product(self, code: str, values: Mapping[str, object]) -> Change:
        """Add or change the product with this code to these column values."""
        row = self.products.get(code)
        if row is None:
            row = self.products[code] = Product(code=code, name=code)
            bring_to(row, values)
            self._session.add(row)
            return "added"
        return "changed" if bring_to(row, values) else "unchanged"

    def identify(self, product_id: int, system: str, values: Collection[str]) -> bool:
        """Make these the product's identifiers in a system; whether anything changed."""
        held = self._identifiers[product_id]
        gone = [key for key in held if key[0] == system and key[1] not in values]
        new = [value for value in dict.fromkeys(values) if (system, value) not in held]
        for key in gone:
            self._session.delete(held.pop(key))
        for value in new:
            held[system, value] = ProductIdentifier(product_id=product_id, system=system, value=value)
            self._session.add(held[system, value])
        return bool(gone or new)

    def approve(self, program_id: int, product_id: int, facility_type_id: int | None = None) -> bool:
        """Put a product on a program's list, for one facility type or for all; whether it was not there."""
        key = (program_id, product_id, facility_type_id)
        if key in self._approved:
            return False
        self._approved.add(key)
        self._session.add(
            Approval(program_id=program_id, product_id=product_id, facility_type_id=facility_type_id)
        )
        return True


def product_by_code(session: Session, code: str) -> Product:
    """The product with this code. Raises Problem 404 `unknown_product`."""
    found = session.exec(select(Product).where(col(Product.code) == code.strip())).first()
    if found is None:
        raise Problem(404, "unknown_product", f"There is no product with the code {code!r}.")
    return found


def save_policy(
    session: Session,
    *,
    facility_type_id: int,
    program_id: int | None,
    minimum: int,
    maximum: int,
    emergency: int,
) -> Change:
    """Set the policy of a facility type for a program, or (None) for all; hundredths of months of stock.

    Raises Problem 422 `bad_policy` when they are below 0 or the maximum is below the minimum.
    """
    if min(minimum, emergency) < 0 or maximum < minimum:
        raise Problem(422, "bad_policy", "The maximum months of stock cannot be below the minimum.")
    values = {
        "minimum_month_hundredths": minimum,
        "maximum_month_hundredths": maximum,
        "emergency_month_hundredths": emergency,
    }
    row = session.exec(
        select(Policy).where(
            Policy.facility_type_id == facility_type_id,
            col(Policy.program_id).is_not_distinct_from(program_id),
        )
    ).first()
    if row is None:
        session.add(Policy(facility_type_id=facility_type_id, program_id=program_id, **values))
        session.flush()
        return "added"
    return "changed" if bring_to(row, values) else "unchanged"
