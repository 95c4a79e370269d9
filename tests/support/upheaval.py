"""A country in which everything changes at random, from a seed: what the feed has to keep up with.

Two facilities have devices; places, types, approvals, people, codes and rights change around them, stock moves,
shipments come and go. Each change is one transaction, through the ORM as services write shared rows.
"""

from __future__ import annotations

from random import Random

from sqlmodel import Session, col, select

from backend.ids import uuid7
from backend.models import (
    Approval,
    Assignment,
    Card,
    Facility,
    FacilityType,
    Lot,
    Product,
    ProductIdentifier,
    Program,
    Reason,
    Shipment,
    StockException,
    User,
    Zone,
)
from backend.services.changes import Numbers

PRODUCTS = 6


class Upheaval:
    """Writes one random change at a time. `own` are the facilities with devices, `keepers` who enrolled them."""

    def __init__(self, random: Random, now: int, own: list[int], keepers: list[int]) -> None:
        self.random = random
        self.now = now
        self.own = own
        self.keepers = keepers
        self.changes = [
            self.product,
            self.product_deleted,
            self.product_recoded,
            self.approval,
            self.approval,
            self.no_approval,
            self.facility,
            self.facility_deleted,
            self.place,
            self.person,
            self.withdrawn,
            self.granted,
            self.reason,
            self.card,
            self.card,
            self.card,
            self.exception,
            self.shipment,
        ]

    def furnish(self, session: Session) -> None:
        """What there is before anything happens: a second level of zones, two more types, two programs, a card each."""
        top = session.exec(select(Zone)).first()
        session.add_all(
            Zone(name=name, level=2, parent_id=top.id if top is not None else None)
            for name in ("East", "West")
        )
        session.add_all([FacilityType(name="Post"), FacilityType(name="Hospital")])
        session.add_all([Program(code="EPI", name="EPI"), Program(code="HIV", name="HIV")])
        for place in self.own:
            self._card(session, place)

    def step(self, session: Session) -> str:
        """One change; its name, for whoever reads a failure."""
        change = self.random.choice(self.changes)
        change(session)
        return change.__name__

    def _any(self, session: Session, table: type) -> int:
        ids: list[int] = list(session.exec(select(table.id)))  # type: ignore[attr-defined]
        return self.random.choice(ids)

    def product(self, session: Session) -> None:
        """A product is made or renamed, or gets an identifier."""
        code = f"R{self.random.randrange(PRODUCTS)}"
        row = session.exec(select(Product).where(Product.code == code)).first()
        if row is None:
            session.add(Product(code=code, name=f"Made {self.random.random()}"))
        elif self.random.random() < 0.5:
            row.name = f"Renamed {self.random.random()}"
        else:
            value = str(self.random.random())
            session.add(ProductIdentifier(product_id=row.id or 0, system="gtin", value=value))

    def product_deleted(self, session: Session) -> None:
        """A product that nothing depends on goes."""
        for row in session.exec(select(Product).where(col(Product.code).like("R%"))).all():
            approved = session.exec(select(Approval).where(Approval.product_id == row.id)).first()
            named = session.exec(
                select(ProductIdentifier).where(ProductIdentifier.product_id == row.id)
            ).first()
            if approved is None and named is None and not self._stocked(session, row):
                session.delete(row)
                return

    def product_recoded(self, session: Session) -> None:
        """A product that was never stocked changes its code for one that is free; cards bear the codes of others."""
        row = session.exec(select(Product).where(Product.id == self._any(session, Product))).one()
        code = f"R{self.random.randrange(PRODUCTS)}"
        taken = session.exec(select(Product).where(Product.code == code)).first()
        if taken is None and not self._stocked(session, row):
            row.code = code

    @staticmethod
    def _stocked(session: Session, product: Product) -> bool:
        return session.exec(select(Card).where(Card.product_id == product.id)).first() is not None

    def approval(self, session: Session) -> None:
        """A program approves a product for a type, or for all."""
        program, product = self._any(session, Program), self._any(session, Product)
        type_ = None if self.random.random() < 0.1 else self._any(session, FacilityType)
        known = select(Approval).where(
            Approval.program_id == program,
            Approval.product_id == product,
            col(Approval.facility_type_id).is_(None) if type_ is None else Approval.facility_type_id == type_,
        )
        if session.exec(known).first() is None:
            session.add(Approval(program_id=program, product_id=product, facility_type_id=type_))

    def no_approval(self, session: Session) -> None:
        """Approvals are withdrawn: one, or all of a type."""
        type_ = self._any(session, FacilityType)
        rows = session.exec(select(Approval).where(Approval.facility_type_id == type_)).all()
        for row in rows if self.random.random() < 0.4 else rows[:1]:
            session.delete(row)

    def facility(self, session: Session) -> None:
        """Another facility is made or renamed."""
        code = f"F{self.random.randrange(3)}"
        row = session.exec(select(Facility).where(Facility.code == code)).first()
        zone, type_ = self._any(session, Zone), self._any(session, FacilityType)
        if row is None:
            session.add(Facility(code=code, name=code, type_id=type_, zone_id=zone))
        else:
            row.name = f"Renamed {self.random.random()}"

    def facility_deleted(self, session: Session) -> None:
        """A facility that nothing depends on goes."""
        for row in session.exec(select(Facility).where(col(Facility.code).like("F%"))).all():
            supplies = session.exec(select(Facility).where(Facility.supplied_by_id == row.id)).first()
            staffed = session.exec(select(Assignment).where(Assignment.facility_id == row.id)).first()
            ships = session.exec(select(Shipment).where(Shipment.source_id == row.id)).first()
            if supplies is None and staffed is None and ships is None:
                session.delete(row)
                return

    def place(self, session: Session) -> None:
        """Any facility moves, is supplied by another, or becomes of another type."""
        row = session.exec(select(Facility).where(Facility.id == self._any(session, Facility))).one()
        match self.random.randrange(3):
            case 0:
                row.zone_id = self._any(session, Zone)
            case 1:
                row.supplied_by_id = self.random.choice([None, self._any(session, Facility)])
            case _:
                row.type_id = self._any(session, FacilityType)

    def person(self, session: Session) -> None:
        """Somebody new, at a place, in a zone or everywhere."""
        row = User(name=f"u{self.random.random()}", created_at=self.now)
        session.add(row)
        session.flush()
        where = self.random.choice(["facility", "zone", "zone", "everywhere"])
        session.add(
            Assignment(
                user_id=row.id or 0,
                role=self.random.choice(["nurse", "manager"]),
                facility_id=self._any(session, Facility) if where == "facility" else None,
                zone_id=self._any(session, Zone) if where == "zone" else None,
                granted_at=self.now,
            )
        )

    def withdrawn(self, session: Session) -> None:
        """A role ends: now and then that of somebody who enrolled a device."""
        rows = session.exec(select(Assignment).where(col(Assignment.withdrawn_at).is_(None))).all()
        if rows:
            self.random.choice(rows).withdrawn_at = self.now

    def granted(self, session: Session) -> None:
        """Whoever enrolled a device gets a role where it is."""
        which = self.random.randrange(len(self.own))
        session.add(
            Assignment(
                user_id=self.keepers[which], role="nurse", facility_id=self.own[which], granted_at=self.now
            )
        )

    def reason(self, session: Session) -> None:
        """A reason is renamed."""
        row = session.exec(select(Reason).where(Reason.id == self._any(session, Reason))).one()
        row.name = f"Renamed {self.random.random()}"

    def card(self, session: Session) -> None:
        """A card of a facility is made, with its lot, or changes."""
        self._card(session, self.random.choice(self.own))

    def _card(self, session: Session, place: int) -> None:
        product = self._any(session, Product)
        numbers = Numbers(session.connection(), place)
        lot = self.random.choice("XY")
        key = (Card.facility_id == place, Card.product_id == product, Card.lot == lot)
        row = session.exec(select(Card).where(*key)).first()
        if row is None:
            row = Card(facility_id=place, number=numbers.next(), product_id=product, lot=lot)
            known = select(Lot).where(Lot.facility_id == place, Lot.product_id == product, Lot.number == lot)
            if session.exec(known).first() is None:
                session.add(Lot(facility_id=place, product_id=product, number=lot, change=numbers.next()))
        row.on_hand = self.random.randrange(100)
        row.change = numbers.next()
        session.add(row)
        numbers.save()

    def exception(self, session: Session) -> None:
        """An exception is raised, resolved, closed or opened again."""
        place = self.random.choice(self.own)
        numbers = Numbers(session.connection(), place)
        rows = session.exec(select(StockException).where(StockException.facility_id == place)).all()
        if len(rows) < 3 or self.random.random() < 0.3:
            row = StockException(
                facility_id=place,
                id=uuid7(self.now),
                code="negative_stock",
                operation_id=uuid7(self.now),
                opened_at=self.now,
            )
        else:
            row = self.random.choice(rows)
            row.closed_at = self.random.choice([None, self.now])
            row.resolved_at = self.random.choice([None, self.now])
        row.change = numbers.next()
        session.add(row)
        numbers.save()

    def shipment(self, session: Session) -> None:
        """A shipment is on its way, or its state changes."""
        place = self.random.choice(self.own)
        numbers = Numbers(session.connection(), place)
        rows = session.exec(select(Shipment).where(Shipment.facility_id == place)).all()
        if len(rows) < 3 or self.random.random() < 0.3:
            row = Shipment(
                facility_id=place,
                id=uuid7(self.now),
                source_id=self._any(session, Facility),
                effective_at=self.now,
                lines="[]",
                state="expected",
            )
        else:
            row = self.random.choice(rows)
            row.state = self.random.choice(["expected", "received", "reversed"])
        row.change = numbers.next()
        session.add(row)
        numbers.save()
