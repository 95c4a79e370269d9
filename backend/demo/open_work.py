"""What is still to be looked at in the demo: operations of the last hours that push flags or holds."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session, col, select

from backend.clock import HOUR_MS, MINUTE_MS
from backend.demo.people import REGION
from backend.models import Card, Lot
from backend.services.catalogue import product_by_code
from backend.services.feedback import write_message
from backend.services.places import Places, facility_by_code
from backend.services.recall_edits import open_recall

Work = tuple[str, int, str, dict[str, object]]
"""(facility code, moment, operation kind, body)"""


def open_work(session: Session, now: int) -> Iterator[Work]:
    """A day's trouble at the nurse's health centre, and a little elsewhere."""
    beyond = _beyond_the_book
    yield "HC01", now - 5 * HOUR_MS, "stock.dispense", beyond(session, "HC01", "AMOX500", 30)
    yield "HC01", now - 4 * HOUR_MS, "stock.dispense", beyond(session, "HC01", "ORS", 12)
    yield "HC01", now - 3 * HOUR_MS, "stock.receive", _unknown_product()
    yield "HC01", now - 2 * HOUR_MS, "stock.adjust", _found_as_lost(session, "HC01", "PARA500")
    yield "HC01", now - 90 * MINUTE_MS, "location.set", {"code": "FR1", "name": "Vaccine fridge"}
    yield "HC01", now - 80 * MINUTE_MS, "stock.inspect", _monitors(session, "HC01", {"OPV": 2, "PENTA": 3})
    yield "HC04", now - 9 * HOUR_MS, "stock.dispense", beyond(session, "HC04", "COC", 8)
    yield "HO02", now - 26 * HOUR_MS, "stock.dispense", beyond(session, "HO02", "CEFT1G", 15)
    yield "CL05", now - 40 * MINUTE_MS, "stock.dispense", beyond(session, "CL05", "RDTMAL", 20)


def _first_lot(session: Session, facility: str, product: str) -> tuple[dict[str, object], int]:
    """The lot that FEFO proposes, as a line names it, and how much the book has of it."""
    facility_id, product_id = facility_by_code(session, facility).id, product_by_code(session, product).id
    found = session.exec(
        select(Lot.number, Lot.expiry, Card.on_hand)
        .join(
            Card,
            (col(Card.facility_id) == col(Lot.facility_id))
            & (col(Card.product_id) == col(Lot.product_id))
            & (col(Card.lot) == col(Lot.number)),
        )
        .where(Lot.facility_id == facility_id, Lot.product_id == product_id)
        .order_by(col(Card.on_hand) <= 0, col(Lot.expiry), col(Lot.number))
    ).first()
    assert found is not None, "every kept medicine has had a lot since the opening count"
    number, expiry, on_hand = found
    return {"number": number, "expiry": expiry}, max(0, on_hand)


def _beyond_the_book(session: Session, facility: str, product: str, more: int) -> dict[str, object]:
    """More was given out than the card knows of: negative_stock until somebody counts."""
    lot, on_hand = _first_lot(session, facility, product)
    return {"lines": [{"product": product, "lot": lot, "quantity": on_hand + more}]}


def _found_as_lost(session: Session, facility: str, product: str) -> dict[str, object]:
    """Stock was found and entered with the reason of a loss: reason_type."""
    lot, _on_hand = _first_lot(session, facility, product)
    return {"lines": [{"product": product, "lot": lot, "quantity": 40, "reason": "lost"}]}


def call_back(session: Session, now: int) -> None:
    """One lot that the nurse's health centre has on its shelf is recalled in its whole region."""
    lot, _on_hand = _first_lot(session, "HC01", "COTRIM480")
    product, zone = product_by_code(session, "COTRIM480"), Places(session).find_zone(REGION)
    assert product.id is not None
    open_recall(
        session,
        product_id=product.id,
        lots=[str(lot["number"]), "CTX9901"],
        reason="Tablets crumble and change colour",
        instruction="Set every pack apart and mark it.\nSend it back with the next vehicle.",
        zone_id=zone,
        by="manager",
        now=now - 6 * HOUR_MS,
    )


def write_to_facility(session: Session, now: int) -> None:
    """The manager has a word for the nurse's health centre, about a product and in general."""
    facility, product = facility_by_code(session, "HC01"), product_by_code(session, "ORS")
    assert facility.id is not None
    for hours, text, about in (
        (30, "Thank you for the full count of last month.", None),
        (
            5,
            "More sachets went out than the card had. Please count them and look for the missing receipt.",
            product.id,
        ),
    ):
        write_message(
            session, facility.id, text=text, product_id=about, by="manager", now=now - hours * HOUR_MS
        )


def _monitors(session: Session, facility: str, stages: dict[str, int]) -> dict[str, object]:
    """Vaccine vial monitors were looked at: one has begun to turn, one is past the discard point."""
    lots = {product: _first_lot(session, facility, product)[0] for product in stages}
    return {
        "lines": [
            {"product": product, "lot": lots[product], "vvm": stage} for product, stage in stages.items()
        ]
    }


def _unknown_product() -> dict[str, object]:
    """A donation of something that the catalogue does not have: held until an administrator adds it."""
    line = {"product": "CLARI500", "lot": {"number": "CL8842", "expiry": "2029-03-31"}, "quantity": 50}
    return {"source": {"donor": "HARBOUR TRUST"}, "reference": "Donation", "lines": [line]}
