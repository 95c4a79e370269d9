"""For tests of the managers' pages: the cast on both databases, with a half year of stock behind it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from backend.clock import DAY_MS, to_iso
from backend.ids import uuid7
from backend.models.ledger import Operation
from backend.services.ledger import Entry, Posting, post
from backend.services.postings import Reversal
from backend.settings import Settings
from tests.web.conftest import Bincard

MONTH_MS = 31 * DAY_MS


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings over a fresh database, once of each kind."""
    return Settings(data=tmp_path, database_url=database_url, secret_key="k" * 43, levels_seconds=0)


class Shelves:
    """Records operations at a facility of the cast, as its nurse would have."""

    def __init__(self, bincard: Bincard) -> None:
        self.bincard = bincard

    def record(
        self,
        facility: str,
        product: str,
        flow: str,
        quantity: int,
        *,
        days_ago: float = 0,
        lot: str = "",
        expiry: str | None = None,
        body: dict[str, object] | None = None,
        reverses: str | None = None,
    ) -> str:
        """Commit one line and the operation it came in; returns the operation's id."""
        # No two within a millisecond: their order on a card would be that of their ids, which is chance here.
        self.bincard.time.now += 1
        with self.bincard.db.writing() as session:
            return self._record(
                session, facility, product, flow, quantity, days_ago, lot, expiry, body or {}, reverses
            )

    def _record(
        self,
        session: Session,
        facility: str,
        product: str,
        flow: str,
        quantity: int,
        days_ago: float,
        lot: str,
        expiry: str | None,
        body: dict[str, object],
        reverses: str | None,
    ) -> str:
        cast = self.bincard.cast
        at = self.bincard.time.now - int(days_ago * DAY_MS)
        kind = {"received": "stock.receive", "dispensed": "stock.dispense", "counted": "stock.count"}[flow]
        operation_id = uuid7(at)
        text = {"id": operation_id, "kind": kind, "recorded_at": to_iso(at), "body": body}
        session.add(
            Operation(
                facility_id=cast.facilities[facility],
                id=operation_id,
                content_hash="0" * 64,
                content=json.dumps(text).encode(),
                kind=kind,
                author="alice",
                recorded_at=at,
                effective_at=at,
                received_at=at,
                outcome="applied",
            )
        )
        entry = Entry(cast.products[product], lot, expiry, "", "", at, flow, quantity, None, 0)
        post(
            session,
            cast.facilities[facility],
            [Posting(operation_id, [entry])],
            reversals=[Reversal(reverses, operation_id, at)] if reverses else [],
            now=at,
            time_zone="UTC",
        )
        return operation_id

    def use(self, facility: str, product: str, monthly: int, left: int) -> None:
        """Three months in which so much was dispensed, and a count just now that found so much left."""
        today = datetime.fromtimestamp(self.bincard.time.now / 1000, UTC)
        for month in (3, 2, 1):
            # In the middle of the months before this one, whatever day this is.
            year, index = divmod(today.year * 12 + today.month - 1 - month, 12)
            ago = (today - datetime(year, index + 1, 15, tzinfo=UTC)).total_seconds() / 86_400
            self.record(facility, product, "received", monthly, days_ago=ago + 1)
            self.record(facility, product, "dispensed", -monthly, days_ago=ago)
        # What the cast received an hour ago is gone: all that is there is what is left.
        self.record(facility, product, "counted", 0, lot=f"LOT-OF-{facility}")
        self.record(facility, product, "counted", left)


@pytest.fixture
def shelves(bincard: Bincard) -> Shelves:
    """A way to put stock on the cast's shelves."""
    return Shelves(bincard)
