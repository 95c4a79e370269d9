"""Fill a furnished SQLite file with a long ledger by plain inserts: consistent, as if every fact had been pushed.

Every facility has the same number of cards, every card the same number of facts, an operation moves two cards. The
history is two years in even steps; every fiftieth fact of a card, and its first, is a count that finds what is there.
Receipts and issues take turns, so balances need no sum over the history. Rows are made table by table in the order of
their keys, which is what makes millions of them a matter of a minute or two.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from backend.clock import system_clock, to_iso
from tests.support import clinic

Row = dict[str, Any]
YEARS_MS = 2 * 365 * 86_400_000
COUNT_EVERY = 50
START, STEP = 500, 20
"""What the first count found, and what is received and then issued again."""


@dataclass(frozen=True)
class Shape:
    """How long the ledger is; `cards` of a facility, an even number: one of each product."""

    facilities: int
    cards: int
    facts_per_card: int

    @property
    def facts(self) -> int:
        """All facts."""
        return self.facilities * self.cards * self.facts_per_card


def fill(file: str, shape: Shape, devices: dict[int, str]) -> None:
    """Write the history of each facility; `devices` names by facility id who pushed it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    products = dict(connection.execute("SELECT code, id FROM product"))
    end = system_clock() - 3_600_000
    for facility_id, device_id in devices.items():
        place = _Place(shape, facility_id, device_id, products, end)
        connection.execute("BEGIN")
        for table in ("operation", "card", "lot", "fact", "count_result"):
            _insert(connection, table, getattr(place, table)())
        _insert(connection, "change_counter", [{"scope": facility_id, "value": place.changes}])
        connection.execute(
            "UPDATE device SET expected_seq = ?, last_recorded_at = ? WHERE id = ?",
            (place.operations + 1, end, device_id),
        )
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@dataclass(frozen=True)
class _Place:
    """One facility's rows, table by table. Operation `n` is fact `n % facts_per_card` of pair `n // facts_per_card`."""

    shape: Shape
    facility_id: int
    device_id: str
    products: dict[str, int]
    end: int

    @property
    def operations(self) -> int:
        return self.shape.cards // 2 * self.shape.facts_per_card

    @property
    def changes(self) -> int:
        """The last change number: each operation, each card and each lot has one."""
        return self.operations + 2 * self.shape.cards

    def operation(self) -> Iterator[Row]:
        # In the order in which they were pushed, all pairs at one moment after the other.
        pairs = self.shape.cards // 2
        for turn in range(self.shape.facts_per_card):
            for pair in range(pairs):
                seq = turn * pairs + pair + 1
                at, kind = self._at(turn), self._kind(turn)
                content = self._content(pair, turn, at, kind)
                yield {
                    "facility_id": self.facility_id,
                    "id": self._id(pair, turn),
                    "copy": 0,
                    "content_hash": f"{self.facility_id:032x}{seq:032x}",
                    "content": content,
                    "kind": kind,
                    "author": clinic.NURSE,
                    "device_id": self.device_id,
                    "seq": seq,
                    "recorded_at": at,
                    "effective_at": at,
                    "received_at": at + 60_000,
                    "outcome": "applied",
                    "change": seq,
                }

    def card(self) -> Iterator[Row]:
        last = self.shape.facts_per_card - 1
        counted = last - last % COUNT_EVERY
        for number in range(1, self.shape.cards + 1):
            pair = (number - 1) // 2
            yield {
                "facility_id": self.facility_id,
                "number": number,
                "product_id": self._product(number),
                "lot": "L0",
                "on_hand": self._balance(last),
                "counted_at": self._at(counted),
                "counted_id": self._id(pair, counted),
                "last_at": self._at(last),
                "last_id": self._id(pair, last),
                "change": self.operations + number,
            }

    def lot(self) -> Iterator[Row]:
        for number in range(1, self.shape.cards + 1):
            yield {
                "facility_id": self.facility_id,
                "product_id": self._product(number),
                "number": "L0",
                "expiry": "2030-06-30",
                "change": self.operations + self.shape.cards + number,
            }

    def fact(self) -> Iterator[Row]:
        for number in range(1, self.shape.cards + 1):
            for turn in range(self.shape.facts_per_card):
                at = self._at(turn)
                moment = time.gmtime(at // 1000)
                counts = turn % COUNT_EVERY == 0
                yield {
                    "facility_id": self.facility_id,
                    "card": number,
                    "effective_at": at,
                    "operation_id": self._id((number - 1) // 2, turn),
                    "line": (number - 1) % 2,
                    "flow": "counted" if counts else "received" if turn % 2 else "issued",
                    "quantity": self._balance(turn) if counts else STEP if turn % 2 else -STEP,
                    "expiry": "2030-06-30",
                    "booked_in": moment.tm_year * 100 + moment.tm_mon,
                    "found": (START if turn == 0 else 0) if counts else None,
                }

    def count_result(self) -> Iterator[Row]:
        for number in range(1, self.shape.cards + 1):
            for turn in range(0, self.shape.facts_per_card, COUNT_EVERY):
                yield {
                    "facility_id": self.facility_id,
                    "card": number,
                    "effective_at": self._at(turn),
                    "operation_id": self._id((number - 1) // 2, turn),
                    "variance": START if turn == 0 else 0,
                    "opening": turn == 0,
                }

    def _at(self, turn: int) -> int:
        return self.end - YEARS_MS + YEARS_MS * (turn + 1) // self.shape.facts_per_card

    def _id(self, pair: int, turn: int) -> str:
        """A UUIDv7 of its moment; what is random there is told by the facility and the pair."""
        stamp = f"{self._at(turn):012x}"
        # Mixed, so that ids of one moment spread as random ones do.
        mixed = f"{(self.facility_id * 1_000_003 + pair) * 0x9E3779B97F4A7C15 % 2**62:016x}"
        return f"{stamp[:8]}-{stamp[8:]}-7000-8{mixed[1:4]}-{mixed[4:]}"

    def _kind(self, turn: int) -> str:
        if turn % COUNT_EVERY == 0:
            return "stock.count"
        return "stock.receive" if turn % 2 else "stock.issue"

    def _balance(self, turn: int) -> int:
        """After fact `turn`. A count comes at an even one, after a receipt that it keeps: the issue falls out."""
        block, place = divmod(turn, COUNT_EVERY)
        return START + STEP * block + (STEP if place % 2 else 0)

    def _product(self, number: int) -> int:
        return self.products[clinic.code(number - 1)]

    def _content(self, pair: int, turn: int, at: int, kind: str) -> bytes:
        amount = {"counted": self._balance(turn)} if kind == "stock.count" else {"quantity": STEP}
        lines = [
            {"product": clinic.code(2 * pair + n), "lot": {"number": "L0", "expiry": "2030-06-30"}} | amount
            for n in range(2)
        ]
        moment = to_iso(at)
        body: dict[str, Any] = {"lines": lines}
        if kind == "stock.receive":
            body["source"] = {"supplier": "central"}
        elif kind == "stock.issue":
            body["destination"] = {"ward": "Maternity"}
        operation = {
            "id": self._id(pair, turn),
            "kind": kind,
            "version": 1,
            "facility": f"F{self.facility_id}",
            "author": clinic.NURSE,
            "recorded_at": moment,
            "occurred_at": moment,
            "offset_ms": 0,
            "seen": None,
            "body": body,
        }
        return json.dumps(operation, separators=(",", ":")).encode()


def _insert(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    """Insert rows; a column that they do not name gets NULL, or where it must not be NULL what is empty in its type."""
    columns = [
        (name, None if not required else "" if "CHAR" in type_.upper() else 0)
        for _, name, type_, required, _, _ in connection.execute(f"PRAGMA table_info({table})")
    ]
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {table} VALUES ({marks})",
        (tuple(row.get(name, empty) for name, empty in columns) for row in rows),
    )
