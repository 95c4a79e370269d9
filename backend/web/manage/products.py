"""/manage/products and /manage/products/{code}: a product over all facilities in sight."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from backend.services.overview import items_page
from backend.services.stock_lists import item_page, matches
from backend.web.guards import requires
from backend.web.manage.looking import Code, Text, ZoneId, code_of, live_page, look
from backend.web.viewer import Viewer

PRODUCTS_MAX = 100


@get("/manage/products", guards=[requires("manage.view")], include_in_schema=False)
async def list_products(
    request: Request[Any, Any, Any], viewer: Viewer, q: Text = "", zone: ZoneId = None
) -> Response[Any]:
    """Products in sight by name, code or category, in a zone; indicators and those in need first."""
    (lines, zone_name), cursor = await look(request, viewer, items_page, zone)
    wanted = [line for line in lines if matches(q, line.item.name, line.item.code, line.item.category)]
    return live_page(
        request,
        "manage/products.html",
        cursor,
        here="products",
        lines=wanted[:PRODUCTS_MAX],
        total=len(wanted),
        q=q,
        zone=zone,
        zone_name=zone_name,
    )


@get("/manage/products/{product_code:str}", guards=[requires("manage.view")], include_in_schema=False)
async def product(
    request: Request[Any, Any, Any],
    viewer: Viewer,
    product_code: Code,
    status: Text = "",
    zone: ZoneId = None,
) -> Response[Any]:
    """One product, by facility."""
    found, cursor = await look(request, viewer, item_page, code_of(product_code), status=status, zone_id=zone)
    return live_page(
        request,
        "manage/product.html",
        cursor,
        here="products",
        product=found.item.code,
        found=found,
        chosen=status,
    )


handlers = [list_products, product]
