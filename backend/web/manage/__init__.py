"""The managers' pages under /manage: stock by zone, facility and product, what looks wrong, devices."""

from __future__ import annotations

from backend.web.manage import (
    device,
    devices,
    exceptions,
    facilities,
    home,
    messages,
    products,
    recalls,
    stock,
)

handlers = [
    *home.handlers,
    *facilities.handlers,
    *messages.handlers,
    *products.handlers,
    *stock.handlers,
    *exceptions.handlers,
    *recalls.handlers,
    *devices.handlers,
    *device.handlers,
]
