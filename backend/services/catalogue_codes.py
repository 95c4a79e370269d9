"""Product codes by id, read when first asked for: most postings never need one."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlmodel import col

from backend.models import Product


class ProductCodes(dict[int, str]):
    """A mapping that reads what it lacks."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, product_id: int) -> str:
        statement = select(col(Product.code)).where(col(Product.id) == product_id)
        code: str = self._connection.execute(statement).scalar_one()
        self[product_id] = code
        return code
