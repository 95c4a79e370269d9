"""The reasons for adjustments that every database has from its first day."""

from __future__ import annotations

from sqlmodel import Session, select

from backend.models import Reason
from backend.words import N_

COMPUTER_GENERATED = {1: "computer_generated_credit", -1: "computer_generated_debit"}
"""Reason codes, by the sign of the difference, of what the computer books so that a report closes."""

REPORTED = {1: "reported_adjustment_credit", -1: "reported_adjustment_debit"}
"""Reason codes, by sign, of adjustments told by a period report, which does not say why."""

DEFAULTS = (
    ("expired", N_("Expired"), "debit", "expired"),
    ("damaged", N_("Damaged"), "debit", "damaged"),
    ("lost", N_("Lost"), "debit", "lost"),
    ("stolen", N_("Stolen"), "debit", "stolen"),
    ("found", N_("Found"), "credit", "found"),
    ("transfer_in", N_("Transfer in"), "credit", "transfer"),
    ("transfer_out", N_("Transfer out"), "debit", "transfer"),
    ("donation", N_("Donation"), "credit", "donation"),
    ("returned_by_ward", N_("Returned by a ward or patient"), "credit", "return"),
    ("returned_to_supplier", N_("Returned to the supplier"), "debit", "return"),
    ("recalled", N_("Recalled or quarantined"), "debit", "recall"),
    ("cold_chain_failure", N_("Cold chain failure"), "debit", "damaged"),
    ("count_correction_credit", N_("Correction after a count, more found"), "credit", "correction"),
    ("count_correction_debit", N_("Correction after a count, less found"), "debit", "correction"),
    (REPORTED[1], N_("Adjustment up in a period report"), "credit", "reported system"),
    (REPORTED[-1], N_("Adjustment down in a period report"), "debit", "reported system"),
    (COMPUTER_GENERATED[1], N_("Computer-generated adjustment up"), "credit", "computer_generated system"),
    (COMPUTER_GENERATED[-1], N_("Computer-generated adjustment down"), "debit", "computer_generated system"),
)
"""(code, name, type, tags); those tagged `system` are booked by imports and not offered to people."""


def ensure_default_reasons(session: Session) -> None:
    """Add the default reasons that are missing; those that are there are left as people made them."""
    known = set(session.exec(select(Reason.code)).all())
    for code, name, type_, tags in DEFAULTS:
        if code not in known:
            session.add(Reason(code=code, name=name, type=type_, tags=tags))
    session.flush()


def reason_ids(session: Session) -> dict[str, int]:
    """Ids of all reasons by code."""
    rows = session.exec(select(Reason.code, Reason.id)).all()
    return {code: id_ for code, id_ in rows if id_ is not None}
