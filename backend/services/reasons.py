"""The reasons for adjustments that every database has from its first day."""

from __future__ import annotations

from sqlmodel import Session, select

from backend.models import Reason

COMPUTER_GENERATED = {1: "computer_generated_credit", -1: "computer_generated_debit"}
"""Reason codes, by the sign of the difference, of what the computer books so that a report closes."""

REPORTED = {1: "reported_adjustment_credit", -1: "reported_adjustment_debit"}
"""Reason codes, by sign, of adjustments told by a period report, which does not say why."""

DEFAULTS = (
    ("expired", "Expired", "debit", "expired"),
    ("damaged", "Damaged", "debit", "damaged"),
    ("lost", "Lost", "debit", "lost"),
    ("stolen", "Stolen", "debit", "stolen"),
    ("found", "Found", "credit", "found"),
    ("transfer_in", "Transfer in", "credit", "transfer"),
    ("transfer_out", "Transfer out", "debit", "transfer"),
    ("donation", "Donation", "credit", "donation"),
    ("returned_by_ward", "Returned by a ward or patient", "credit", "return"),
    ("returned_to_supplier", "Returned to the supplier", "debit", "return"),
    ("recalled", "Recalled or quarantined", "debit", "recall"),
    ("cold_chain_failure", "Cold chain failure", "debit", "damaged"),
    ("count_correction_credit", "Correction after a count, more found", "credit", "correction"),
    ("count_correction_debit", "Correction after a count, less found", "debit", "correction"),
    (REPORTED[1], "Adjustment up in a period report", "credit", "reported system"),
    (REPORTED[-1], "Adjustment down in a period report", "debit", "reported system"),
    (COMPUTER_GENERATED[1], "Computer-generated adjustment up", "credit", "computer_generated system"),
    (COMPUTER_GENERATED[-1], "Computer-generated adjustment down", "debit", "computer_generated system"),
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
