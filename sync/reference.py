"""What a batch speaks of, looked up set-wise once: facilities, products, reasons, and who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from backend.models import Device, Facility, Product, Reason
from backend.services.access import Access, access_by_name, access_of
from sync.conflicts import Finding, KnownProduct, KnownReason
from sync.decide import Draft, Known


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows by the codes that a batch names, and the rights of its authors."""

    facility_ids: dict[str, int]
    facility_active: dict[str, bool]
    products: dict[str, KnownProduct]
    reasons: dict[str, KnownReason]
    authors: dict[str, Access]
    enroller: Access
    device_facility_id: int

    def known(self, received_at: int, push_offset_ms: int) -> Known:
        """The same as the pure rules want it."""
        return Known(
            self.facility_active,
            self.products,
            self.reasons,
            self.refusal,
            received_at,
            push_offset_ms,
        )

    def refusal(self, author: str, kind: str, facility: str, at: int) -> Finding | None:
        """Why an author may not have done this there at that moment; None when they may.

        An author is only claimed: anyone who holds the device could write another name. So what speaks of
        another facility than the device's must also be open to the person who enrolled the device.
        """
        access = self.authors.get(author)
        if access is None:
            return Finding("not_permitted", -1, {"author": author, "why": "unknown author"})
        if access.disabled(at):
            return Finding("author_disabled", -1, {"author": author})
        facility_id = self.facility_ids[facility]
        permitted = access.allows(kind, facility_id, at)
        if permitted and facility_id != self.device_facility_id:
            permitted = self.enroller.allows(kind, facility_id, at)
        if not permitted:
            return Finding("not_permitted", -1, {"author": author, "kind": kind, "facility": facility})
        return None


@dataclass(slots=True)
class _Named:
    facilities: set[str] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)
    authors: set[str] = field(default_factory=set)


def gather(session: Session, device: Device, drafts: Sequence[Draft]) -> Reference:
    """Look up what the drafts of a device's push name."""
    named = _named(drafts)
    facilities = session.exec(
        select(Facility.code, Facility.id, Facility.active).where(col(Facility.code).in_(named.facilities))
    ).all()
    products = session.exec(
        select(Product.code, Product.id, Product.active).where(col(Product.code).in_(named.products))
    ).all()
    reasons = session.exec(
        select(Reason.code, Reason.id, Reason.type, Reason.active).where(col(Reason.code).in_(named.reasons))
    ).all()
    return Reference(
        {code: id_ or 0 for code, id_, _ in facilities},
        {code: active for code, _, active in facilities},
        {code: KnownProduct(id_ or 0, active) for code, id_, active in products},
        {code: KnownReason(id_ or 0, type_, active) for code, id_, type_, active in reasons},
        access_by_name(session, sorted(named.authors)),
        access_of(session, [device.user_id])[device.user_id],
        device.facility_id,
    )


def _named(drafts: Iterable[Draft]) -> _Named:
    named = _Named()
    for draft in drafts:
        if draft.header is not None:
            named.facilities.update((draft.header.facility, *draft.facilities))
            named.authors.add(draft.header.author)
            named.products.update(effect.product for effect in draft.effects)
            named.reasons.update(code for _, code, _ in draft.reasons)
    return named
