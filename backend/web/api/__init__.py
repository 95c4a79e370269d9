"""The read API, /api/v1: what programs read with a bearer token. Rows are built member by member."""

from __future__ import annotations

from litestar import Router

from backend.web.api import cards, exceptions, facilities, operations, people, policies, products

router = Router(
    "/api/v1",
    route_handlers=[
        *facilities.handlers,
        *products.handlers,
        *cards.handlers,
        *operations.handlers,
        *exceptions.handlers,
        *policies.handlers,
        *people.handlers,
    ],
    security=[{"bearer": []}],
)
