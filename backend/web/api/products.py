"""GET /api/v1/products: what is stocked, by code, with identifiers and the programs that approve it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from litestar import get
from msgspec import Struct
from sqlmodel import Session, col, select

from backend.db import Database
from backend.models import Approval, Product, ProductIdentifier, Program
from backend.web.api.paging import LIMIT_DEFAULT, Cursor, Limit, Page, after, paged, past
from backend.web.api.scoping import scope_of, within
from backend.web.guards import requires
from backend.web.viewer import Viewer

_LIST = "products"


class IdentifierOut(Struct):
    """A name that others know a product by."""

    system: str
    value: str


class PriceOut(Struct):
    """Price of a pack, in minor units of an ISO 4217 currency."""

    minor: int
    currency: str


class ProductOut(Struct):
    """A product; quantities of it are in its dispensing unit, `pack_size` of which make a pack."""

    code: str
    name: str
    dispensing_unit: str
    pack_size: int
    category: str
    programs: list[str]
    identifiers: list[IdentifierOut]
    indicator: bool
    controlled: bool
    cold_chain: bool
    uses_vvm: bool
    ven: str
    pack_price: PriceOut | None
    active: bool


@get("/products", guards=[requires("stock.view")], tags=["read"])
async def list_products(
    db: Database, viewer: Viewer, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[ProductOut]:
    """Products, by code."""
    return await db.read(_read, viewer, after(cursor, _LIST, str), limit)


def _read(
    session: Session, viewer: Viewer, key: tuple[str | int, ...] | None, limit: int
) -> Page[ProductOut]:
    scope = scope_of(session, viewer, "stock.view")
    rows = session.exec(
        select(Product)
        .where(within(scope, product=col(Product.id)), past([col(Product.code)], key))
        .order_by(col(Product.code))
        .limit(limit + 1)
    ).all()
    ids = [row.id for row in rows if row.id is not None]
    identifiers, programs = _identifiers(session, ids), _programs(session, ids)

    def shown(row: Product) -> ProductOut:
        minor, currency = row.pack_price_minor, row.pack_price_currency
        return ProductOut(
            code=row.code,
            name=row.name,
            dispensing_unit=row.dispensing_unit,
            pack_size=row.pack_size,
            category=row.category,
            programs=programs[row.id or 0],
            identifiers=identifiers[row.id or 0],
            indicator=row.indicator,
            controlled=row.controlled,
            cold_chain=row.cold_chain,
            uses_vvm=row.uses_vvm,
            ven=row.ven,
            pack_price=PriceOut(minor, currency) if minor is not None and currency else None,
            active=row.active,
        )

    return paged(rows, limit, _LIST, lambda row: (row.code,), shown)


def _identifiers(session: Session, ids: Sequence[int]) -> dict[int, list[IdentifierOut]]:
    found: dict[int, list[IdentifierOut]] = defaultdict(list)
    for row in session.exec(
        select(ProductIdentifier)
        .where(col(ProductIdentifier.product_id).in_(ids))
        .order_by(col(ProductIdentifier.system), col(ProductIdentifier.value))
    ):
        found[row.product_id].append(IdentifierOut(row.system, row.value))
    return found


def _programs(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for product_id, code in session.exec(
        select(Approval.product_id, Program.code)
        .join(Program, col(Program.id) == col(Approval.program_id))
        .where(col(Approval.product_id).in_(ids))
        .distinct()
        .order_by(col(Program.code))
    ):
        found[product_id].append(code)
    return found


handlers = [list_products]
