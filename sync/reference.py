"""What operations speak of: facilities, products, reasons, and who may do what.

The catalogue is kept in memory between batches. Every row in it is stamped with a number of the shared
counter when it changes (models.base), so one look at that counter tells whether it is still true.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session, select

from backend.clock import local_moment
from backend.domain.roles import right_for
from backend.models import Facility, Product, Reason
from backend.models.base import SHARED_SCOPE
from backend.services.access import Access, access_by_name, access_of
from backend.services.changes import last_change
from backend.services.time_zones import time_zone_of
from sync.conflicts import Finding, KnownProduct, KnownReason
from sync.decide import Draft, Known

NOON = 12
OWN_EXCEPTIONS = "exception.own"
"""The right to decide about the exceptions of the facility one works at; others need `exception.resolve`."""


@dataclass(slots=True)
class Catalogue:
    """Rows by the codes that operations name, and people by the names they sign with.

    `shared` and `facility_count` tell whether it is still true. People are read when first named.
    """

    shared: int
    facility_ids: dict[str, int]
    facility_codes: dict[int, str]
    facility_active: dict[str, bool]
    products: dict[str, KnownProduct]
    product_codes: dict[int, str]
    reasons: dict[str, KnownReason]
    people: dict[str, Access | None] = field(default_factory=dict)
    enrollers: dict[int, Access] = field(default_factory=dict)
    zones: dict[tuple[int, str], str] = field(default_factory=dict)

    def name_people(self, session: Session, names: Iterable[str]) -> None:
        """Read who is not known yet."""
        if missing := sorted(set(names) - self.people.keys()):
            found = access_by_name(session, missing)
            self.people.update({name: found.get(name) for name in missing})

    def enroller(self, session: Session, user_id: int) -> Access:
        """The person who enrolled a device."""
        if user_id not in self.enrollers:
            self.enrollers[user_id] = access_of(session, [user_id])[user_id]
        return self.enrollers[user_id]

    def time_zone(self, session: Session, facility_id: int, default: str) -> str:
        """IANA name of the facility's time zone."""
        key = facility_id, default
        if key not in self.zones:
            self.zones[key] = time_zone_of(session, facility_id, default)
        return self.zones[key]


_KEPT: WeakKeyDictionary[Engine, Catalogue] = WeakKeyDictionary()


def catalogue(session: Session) -> Catalogue:
    """The catalogue as this transaction sees it, or newer."""
    engine = session.connection().engine
    shared = last_change(session, SHARED_SCOPE)
    kept = _KEPT.get(engine)
    if kept is None or kept.shared != shared:
        kept = _KEPT[engine] = _read(session, shared)
    return kept


def _read(session: Session, shared: int) -> Catalogue:
    facilities = session.exec(select(Facility.code, Facility.id, Facility.active)).all()
    products = session.exec(select(Product.code, Product.id, Product.active)).all()
    reasons = session.exec(select(Reason.code, Reason.id, Reason.type, Reason.active)).all()
    return Catalogue(
        shared,
        {code: id_ or 0 for code, id_, _ in facilities},
        {id_ or 0: code for code, id_, _ in facilities},
        {code: active for code, _, active in facilities},
        {code: KnownProduct(id_ or 0, active) for code, id_, active in products},
        {id_ or 0: code for code, id_, _ in products},
        {code: KnownReason(id_ or 0, type_, active) for code, id_, type_, active in reasons},
    )


@dataclass(slots=True)
class Reference:
    """The catalogue as one device's push sees it."""

    session: Session
    catalogue: Catalogue
    enroller: Access
    device_facility_id: int
    default_time_zone: str
    _granted: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)

    def known(self, received_at: int, push_offset_ms: int) -> Known:
        """The same as the pure rules want it."""
        return Known(
            self.catalogue.facility_active,
            self.catalogue.products,
            self.catalogue.reasons,
            self.refusal,
            self.noon,
            received_at,
            push_offset_ms,
        )

    def noon(self, facility: str, day: date) -> int:
        """12:00 of a day at a facility, in UTC milliseconds."""
        facility_id = self.catalogue.facility_ids[facility]
        zone = self.catalogue.time_zone(self.session, facility_id, self.default_time_zone)
        return local_moment(day, zone, NOON)

    def refusal(self, author: str, kind: str, facility: str, at: int) -> Finding | None:
        """Why an author may not have done this there at that moment; None when they may.

        An author is only claimed: anyone who holds the device could write another name. So what speaks of
        another facility than the device's must also be open to the person who enrolled the device.
        """
        granted = self._granted.get((author, kind, facility))
        if granted is not None and granted[0] <= at < granted[1]:
            return None
        access = self.catalogue.people.get(author)
        if access is None:
            return Finding("not_permitted", -1, {"author": author, "why": "unknown author"})
        if access.disabled(at):
            return Finding("author_disabled", -1, {"author": author})
        facility_id = self.catalogue.facility_ids[facility]
        limits = [_granting(access, kind, facility_id, at)]
        if facility_id != self.device_facility_id:
            limits.append(_granting(self.enroller, kind, facility_id, at))
        if None in limits:
            return Finding("not_permitted", -1, {"author": author, "kind": kind, "facility": facility})
        # The same answer holds for as long as nothing begins or ends: most of a queue is of one author.
        spans = [span for span in limits if span is not None]
        self._granted[author, kind, facility] = max(s for s, _ in spans), min(e for _, e in spans)
        return None


def _granting(access: Access, kind: str, facility_id: int, at: int) -> tuple[int, int] | None:
    """Since and until when the access that gives the right at this moment does so; None where it does not."""
    rights = (kind, OWN_EXCEPTIONS) if kind == "exception.resolve" else (right_for(kind),)
    end = access.disabled_at if access.disabled_at is not None else 1 << 62
    if at >= end:
        return None
    for one in access.held:
        if any(one.allows(right, facility_id, at) for right in rights):
            return one.since, min(end, one.until if one.until is not None else end)
    return None


def gather(
    session: Session, user_id: int, facility_id: int, drafts: Iterable[Draft], time_zone: str
) -> Reference:
    """What the drafts of a push name, from a facility's device that a user enrolled. `time_zone` is the default."""
    known = catalogue(session)
    known.name_people(session, {draft.header.author for draft in drafts if draft.header is not None})
    return Reference(session, known, known.enroller(session, user_id), facility_id, time_zone)
