"""Fill a furnished SQLite file with a long ledger by plain inserts: consistent, as if every fact had been pushed.

Every facility has the same number of cards, every card the same number of facts, an operation moves two cards. The
history is two years in even steps; every fiftieth fact of a card, the first among them, is a count that finds what is
there. Receipts and issues take turns, so balances need no sum over the history. Rows are made table by table in the
order of their keys, which is what makes millions of them a matter of a minute or two.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from backend.clock import DAY_MS, HOUR_MS, MINUTE_MS, system_clock, to_iso
from tests.support import clinic

YEARS_MS = 2 * 365 * DAY_MS
COUNT_EVERY = 50
START, STEP = 500, 20
"""What the first count finds, and what is received and then issued again."""
LOT, EXPIRY = "L0", "2030-06-30"
Row = tuple[object, ...]

COLUMNS = {
    "operation": "facility_id, id, copy, content_hash, content, kind, author, device_id, seq, recorded_at, "
    "effective_at, received_at, outcome, change",
    "card": "facility_id, number, product_id, lot, on_hand, counted_at, counted_id, last_at, last_id, change",
    "lot": "facility_id, product_id, number, expiry, change",
    "fact": "facility_id, card, effective_at, operation_id, line, flow, quantity, expiry, booked_in, found",
    "count_result": "facility_id, card, effective_at, operation_id, variance, opening",
    "change_counter": "scope, value",
}


@dataclass(frozen=True)
class Shape:
    """How long the ledger is. `cards` of a facility, an even number: one of each product."""

    facilities: int
    cards: int
    facts_per_card: int

    @property
    def facts(self) -> int:
        """All facts."""
        return self.facilities * self.cards * self.facts_per_card


@dataclass(frozen=True)
class _Turn:
    """What happens at one moment of the history, to every card alike; `balance` is after it."""

    number: int
    at: int
    period: int
    kind: str
    flow: str
    quantity: int
    balance: int
    variance: int | None

    @property
    def counts(self) -> bool:
        return self.variance is not None


def fill(file: str, shape: Shape, devices: dict[int, str]) -> None:
    """Write the history of each facility; `devices` names by facility id who pushed it. On the disk when it returns."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-400000")
    products = dict(connection.execute("SELECT code, id FROM product"))
    end = system_clock() - HOUR_MS
    turns = [_turn(number, shape, end) for number in range(shape.facts_per_card)]
    for facility_id, device_id in devices.items():
        place = _Place(shape, turns, facility_id, device_id, products)
        connection.execute("BEGIN")
        _insert(connection, "operation", place.operations())
        _insert(connection, "card", place.cards())
        _insert(connection, "lot", place.lots())
        _insert(connection, "fact", place.facts())
        _insert(connection, "count_result", place.count_results())
        _insert(connection, "change_counter", [(facility_id, place.sent + 2 * shape.cards)])
        connection.execute(
            "UPDATE device SET expected_seq = ?, last_recorded_at = ? WHERE id = ?",
            (place.sent + 1, end, device_id),
        )
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    # What is still on its way to the disk would make the first commits that are measured wait for it.
    with open(file, "rb") as written:
        os.fsync(written.fileno())


def _turn(number: int, shape: Shape, end: int) -> _Turn:
    at = end - YEARS_MS + YEARS_MS * (number + 1) // shape.facts_per_card
    moment = time.gmtime(at // 1000)
    period = moment.tm_year * 100 + moment.tm_mon
    # A block of fifty begins with a count and ends with a receipt whose issue never comes: each leaves one step more.
    block, place = divmod(number, COUNT_EVERY)
    balance = START + STEP * block + (STEP if place % 2 else 0)
    if place == 0:
        variance = START if number == 0 else 0
        return _Turn(number, at, period, "stock.count", "counted", balance, balance, variance)
    if place % 2:
        return _Turn(number, at, period, "stock.receive", "received", STEP, balance, None)
    return _Turn(number, at, period, "stock.issue", "issued", -STEP, balance, None)


@dataclass(frozen=True)
class _Place:
    """One facility's rows in the order of COLUMNS. Cards 2n+1 and 2n+2 are pair n, which the same operations move."""

    shape: Shape
    turns: list[_Turn]
    facility_id: int
    device_id: str
    products: dict[str, int]

    @property
    def pairs(self) -> int:
        return self.shape.cards // 2

    @property
    def sent(self) -> int:
        """How many operations there are, which have the first change numbers; cards and lots have those behind."""
        return self.pairs * len(self.turns)

    def operations(self) -> Iterator[Row]:
        """In the order in which they were pushed."""
        seq = 0
        for turn in self.turns:
            for pair in range(self.pairs):
                seq += 1
                id_ = self._id(pair, turn)
                content, hash_ = self._content(pair, turn, id_), f"{self.facility_id:032x}{seq:032x}"
                sender = (turn.kind, clinic.NURSE, self.device_id, seq)
                times = (turn.at, turn.at, turn.at + MINUTE_MS)
                yield (self.facility_id, id_, 0, hash_, content, *sender, *times, "applied", seq)

    def cards(self) -> Iterator[Row]:
        last = self.turns[-1]
        counted = self.turns[last.number - last.number % COUNT_EVERY]
        for number in range(1, self.shape.cards + 1):
            pair = (number - 1) // 2
            named = (self.facility_id, number, self._product(number), LOT, last.balance)
            places = (counted.at, self._id(pair, counted), last.at, self._id(pair, last))
            yield (*named, *places, self.sent + number)

    def lots(self) -> Iterator[Row]:
        behind = self.sent + self.shape.cards
        for number in range(1, self.shape.cards + 1):
            yield self.facility_id, self._product(number), LOT, EXPIRY, behind + number

    def facts(self) -> Iterator[Row]:
        facility_id = self.facility_id
        for number in range(1, self.shape.cards + 1):
            pair, line = divmod(number - 1, 2)
            for turn in self.turns:
                place = (facility_id, number, turn.at, self._id(pair, turn), line)
                yield (*place, turn.flow, turn.quantity, EXPIRY, turn.period, turn.variance)

    def count_results(self) -> Iterator[Row]:
        for number in range(1, self.shape.cards + 1):
            for turn in self.turns:
                if turn.counts:
                    id_ = self._id((number - 1) // 2, turn)
                    yield self.facility_id, number, turn.at, id_, turn.variance, turn.number == 0

    def _id(self, pair: int, turn: _Turn) -> str:
        """A UUIDv7 of its moment; its other half tells facility and pair, mixed to spread as random ones do."""
        stamp = f"{turn.at:012x}"
        mixed = f"{(self.facility_id * 1_000_003 + pair) * 0x9E3779B97F4A7C15 % 2**60:015x}"
        return f"{stamp[:8]}-{stamp[8:]}-7000-8{mixed[:3]}-{mixed[3:]}"

    def _product(self, number: int) -> int:
        return self.products[clinic.code(number - 1)]

    def _content(self, pair: int, turn: _Turn, id_: str) -> bytes:
        amount = {"counted" if turn.counts else "quantity": abs(turn.quantity)}
        named = [clinic.code(2 * pair), clinic.code(2 * pair + 1)]
        body: dict[str, Any] = {
            "lines": [{"product": one, "lot": {"number": LOT, "expiry": EXPIRY}, **amount} for one in named]
        }
        if turn.kind == "stock.receive":
            body["source"] = {"supplier": "central"}
        elif turn.kind == "stock.issue":
            body["destination"] = {"ward": "Maternity"}
        moment = to_iso(turn.at)
        operation = {
            "id": id_,
            "kind": turn.kind,
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
    """Insert rows of COLUMNS; a column that is not among them is NULL, or empty in its type where it may not be."""
    named = COLUMNS[table].split(", ")
    marks = ["?"] * len(named)
    for _, name, type_, required, _, _ in connection.execute(f"PRAGMA table_info({table})").fetchall():
        if required and name not in named:
            named.append(name)
            marks.append("''" if "CHAR" in type_.upper() else "0")
    connection.executemany(f"INSERT INTO {table} ({', '.join(named)}) VALUES ({', '.join(marks)})", rows)
