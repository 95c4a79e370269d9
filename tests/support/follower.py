"""A device that does nothing but follow the feed, and what it should end with, by plain loops over the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, select

from backend.db import Database
from backend.models import (
    Approval,
    Card,
    Device,
    Facility,
    Lot,
    Product,
    Program,
    Reason,
    Shipment,
    StockException,
    User,
)
from backend.services.access import access_of
from sync.pull import pull

Name = tuple[str, str]
OWN = ("card", "lot", "exception", "shipment")
"""Entities that bear the facility; withdrawal takes them from the device, and leaves it the rest."""


@dataclass
class Follower:
    """`rows` are what the device shows: pages are staged until the last one is there."""

    db: Database
    device: str
    cursor: str | None = None
    granted: bool | None = None
    rows: dict[Name, Mapping[str, Any]] = field(default_factory=dict)
    staged: list[Mapping[str, Any]] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    """How many changes came with each page."""

    def page(self, limit: int, now: int) -> bool:
        """Pull one page; whether there is more."""
        with self.db.reading() as session:
            answer = pull(session, self.device, self.cursor, limit=limit, now=now)
        self.cursor = answer["cursor"]
        self.pages.append(len(answer["changes"]))
        self.staged += answer["changes"]
        if not answer["more"]:
            self._show(self.staged)
            self.staged = []
        return bool(answer["more"])

    def pull(self, now: int, limit: int = 1000) -> list[Mapping[str, Any]]:
        """Pull to the end; the changes of all these pages."""
        changes = []
        more = True
        while more:
            before = len(self.staged)
            staged = self.staged
            more = self.page(limit, now)
            changes += staged[before:]
        return changes

    def _show(self, changes: Iterable[Mapping[str, Any]]) -> None:
        for change in changes:
            name = change["entity"], change["key"]
            row = change.get("row")
            if change["entity"] == "access":
                assert row is not None
                self.granted = row["granted"]
                if not self.granted:
                    self.rows = {name: row for name, row in self.rows.items() if name[0] not in OWN}
            elif row is None or row.get("state") in ("closed", "received", "reversed"):
                self.rows.pop(name, None)
            else:
                self.rows[name] = row


def visible(session: Session, device_id: str) -> set[Name]:
    """Names of all rows that a device should have."""
    device = session.exec(select(Device).where(Device.id == device_id)).one()
    here = session.exec(select(Facility).where(Facility.id == device.facility_id)).one()
    return _places(session, here) | _catalogue(session, here) | _people(session, here) | _stock(session, here)


def _places(session: Session, here: Facility) -> set[Name]:
    return {
        ("facility", one.code)
        for one in session.exec(select(Facility))
        if here.id in (one.id, one.supplied_by_id)
        or one.id == here.supplied_by_id
        or one.zone_id == here.zone_id
    }


def _catalogue(session: Session, here: Facility) -> set[Name]:
    approvals = [
        one
        for one in session.exec(select(Approval))
        if one.facility_type_id is None or one.facility_type_id == here.type_id
    ]
    handled = {one.product_id for one in approvals}
    handled |= {one.product_id for one in session.exec(select(Card).where(Card.facility_id == here.id))}
    return (
        {("product", one.code) for one in session.exec(select(Product)) if not approvals or one.id in handled}
        | {("program", one.code) for one in session.exec(select(Program))}
        | {("reason", one.code) for one in session.exec(select(Reason))}
    )


def _people(session: Session, here: Facility) -> set[Name]:
    ids = [id_ for id_ in session.exec(select(User.id)) if id_ is not None]
    return {
        ("user", access.name)
        for access in access_of(session, ids).values()
        if any(held.facilities is None or here.id in held.facilities for held in access.held)
    }


def _stock(session: Session, here: Facility) -> set[Name]:
    cards = session.exec(select(Card).where(Card.facility_id == here.id))
    lots = session.exec(
        select(Lot, Product.code).where(Lot.facility_id == here.id, Product.id == Lot.product_id)
    )
    exceptions = session.exec(select(StockException).where(StockException.facility_id == here.id))
    shipments = session.exec(select(Shipment).where(Shipment.facility_id == here.id))
    return (
        {("card", f"{here.code}/{one.number}") for one in cards}
        | {("lot", f'["{here.code}","{product}","{one.number}"]') for one, product in lots}
        | {("exception", one.id) for one in exceptions if one.closed_at is None}
        | {("shipment", one.id) for one in shipments if one.state == "expected"}
    )
