"""The pull entities: what of each table a device sees, row by row, under which key.

An entity is added by a function in one of these files and its text in PROTOCOL.md. Rows are built member by
member: what is not named here never leaves the server.
"""

from sync.entities import levels, products, recalls, registers, shared, stock
from sync.entities.viewpoint import Change, Feed, Found, Viewpoint

__all__ = ["FACILITY_FEEDS", "SHARED_FEEDS", "Change", "Feed", "Found", "Viewpoint"]

SHARED_FEEDS: tuple[Feed, ...] = (
    shared.facilities,
    shared.programs,
    products.products,
    shared.reasons,
    shared.people,
    recalls.recalls,
    shared.deletions,
)
"""By the shared counter."""

FACILITY_FEEDS: tuple[Feed, ...] = (
    products.newcomers,
    stock.lots,
    stock.cards,
    stock.exceptions,
    stock.shipments,
    registers.registers,
    registers.feedback,
    levels.levels,
)
"""By the facility's own counter."""
