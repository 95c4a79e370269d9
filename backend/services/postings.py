"""What is handed to the ledger: operations as the facts they put on cards, with what their authors knew."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from sync.fold import SortKey

CardKey = tuple[int, str, str, str]
"""(product id, lot number, location, account); absent ones are the empty string."""

LotKey = tuple[int, str]
"""(product id, lot number)."""


class Entry(Struct, gc=False):
    """One line of an operation on one card; `quantity` as in models.Fact, `effective_at` UTC milliseconds.

    An absent lot, location or account is the empty string.
    """

    product_id: int
    lot: str
    expiry: str | None
    location: str
    account: str
    effective_at: int
    flow: str
    quantity: int
    reason_id: int | None
    line: int

    @property
    def card_key(self) -> CardKey:
        """The card that the line is on."""
        return self.product_id, self.lot, self.location, self.account


class Posting(Struct, gc=False):
    """What one operation puts into the ledger.

    `device` is empty for what the server made; `seen` is the facility's number that the author had pulled up
    to, 0 for nothing; `receipt` what a receipt tells of the shipment it came from. `held_since` is the facility's
    number when an operation that is released now was stored, None for all others.
    """

    operation_id: str
    entries: Sequence[Entry]
    device: str = ""
    seen: int = 0
    by_day: bool = False
    all_lots: bool = False
    receipt: Source | None = None
    held_since: int | None = None


class Source(Struct, gc=False):
    """Where a receipt says that it came from: a facility's id, and the shipment if it names one."""

    facility_id: int | None
    shipment: str
    reference: str


class Reversal(Struct, frozen=True, gc=False):
    """An operation is taken out of the fold by another."""

    operation_id: str
    reversed_by: str
    effective_at: int = 0


class Move(Struct, frozen=True, gc=False):
    """A movement is given another place on a card."""

    card: int
    operation_id: str
    place: SortKey


class Expected(Struct, frozen=True, gc=False):
    """An issue of another facility to this one; `lines` are (line, product id, code, lot, expiry, quantity)."""

    id: str
    source_id: int
    reference: str
    effective_at: int
    lines: Sequence[tuple[int, int, str, str, str | None, int]]
