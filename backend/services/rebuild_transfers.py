"""The part of `bincard rebuild` that sees to shipments and receipts: compared with the ledger, and mended.

`matched`, the state of a shipment and which of its lines were received follow from both ends; they are told by
services.told_transfers. It runs before the rest of a facility, whose claims are read from these tables.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete
from sqlmodel import col

from backend.db import insert_rows
from backend.models import Receipt, Shipment
from backend.services import transfers
from backend.services.told_transfers import Told, Transfers

RECEIPT_COLUMNS = (
    *(
        "facility_id",
        "operation_id",
        "source_id",
        "shipment",
        "matched",
        "reference",
        "effective_at",
        "lines",
    ),
)
SHIPMENT_COLUMNS = (
    *("facility_id", "id", "source_id", "reference", "effective_at", "lines", "state", "change"),
)

Values = tuple[Any, ...]


def rebuild_transfers(desk: transfers.Desk, told: Transfers, change: Callable[[], int] | None) -> list[str]:
    """Differences of one facility, a sentence each; mended where `change` gives the facility's next change number."""
    receipts = _receipts_told(told)
    stored = {row.operation_id: _receipt_stored(row) for row in transfers.receipt_rows(desk)}
    said = _differences("receipt", stored, receipts)
    shipments = _shipments_told(desk, told)
    kept = {row.id: _shipment_stored(row) for row in transfers.shipment_rows(desk)}
    said += _differences("shipment", kept, shipments)
    if change is not None and said:
        _mend(desk, stored, receipts, kept, shipments, change)
    return said


def _differences(what: str, stored: dict[str, Values], told: dict[str, Values]) -> list[str]:
    said = [f"{what} {id_} is not of the ledger" for id_ in sorted(stored.keys() - told.keys())]
    said += [f"{what} {id_} is missing" for id_ in sorted(told.keys() - stored.keys())]
    return said + [
        f"{what} {id_} is {stored[id_]}, the facts say {told[id_]}"
        for id_ in sorted(stored.keys() & told.keys())
        if stored[id_] != told[id_]
    ]


def _receipts_told(told: Transfers) -> dict[str, Values]:
    matched = told.matched()
    return {
        one.id: (
            *(one.source_id, one.shipment, matched.get(one.id, ""), one.reference, one.effective_at),
            [[product, lot, line, card] for line, product, lot, _, _, card in one.lines],
        )
        for one in told.received.values()
    }


def _receipt_stored(row: Any) -> Values:
    lines = sorted(json.loads(row.lines), key=lambda line: line[2])
    return row.source_id, row.shipment, row.matched, row.reference, row.effective_at, lines


def _shipments_told(desk: transfers.Desk, told: Transfers) -> dict[str, Values]:
    got = told.got(transfers.let_in(desk, list(told.received)))
    return {one.id: _shipment(desk, one, got.get(one.id, set())) for one in told.sent.values()}


def _shipment(desk: transfers.Desk, one: Told, got: set[tuple[int, str]]) -> Values:
    lines = [
        {
            "line": line,
            "product": desk.product_codes[product],
            "product_id": product,
            "lot": lot,
            "expiry": expiry,
            "quantity": quantity,
            "received": (product, lot) in got,
        }
        for line, product, lot, expiry, quantity, _ in one.lines
    ]
    everything = all(line["received"] for line in lines)
    state = "reversed" if one.reversed else "received" if everything else "expected"
    return one.source_id, one.reference, one.effective_at, lines, state


def _shipment_stored(row: Any) -> Values:
    lines = sorted(json.loads(row.lines), key=lambda line: line["line"])
    return row.source_id, row.reference, row.effective_at, lines, row.state


def _mend(
    desk: transfers.Desk,
    stored: dict[str, Values],
    receipts: dict[str, Values],
    kept: dict[str, Values],
    shipments: dict[str, Values],
    change: Callable[[], int],
) -> None:
    wrong = {id_ for id_ in stored.keys() | receipts.keys() if stored.get(id_) != receipts.get(id_)}
    _delete(desk.connection, Receipt, col(Receipt.operation_id), desk.facility_id, wrong)
    rows: list[Values] = [
        (desk.facility_id, id_, *receipts[id_][:-1], json.dumps(receipts[id_][-1]))
        for id_ in sorted(wrong & receipts.keys())
    ]
    insert_rows(desk.connection, "receipt", RECEIPT_COLUMNS, rows)
    other = {id_ for id_ in kept.keys() | shipments.keys() if kept.get(id_) != shipments.get(id_)}
    _delete(desk.connection, Shipment, col(Shipment.id), desk.facility_id, other)
    insert_rows(
        desk.connection,
        "shipment",
        SHIPMENT_COLUMNS,
        [
            (
                *(desk.facility_id, id_, *shipments[id_][:3]),
                *(json.dumps(shipments[id_][3], ensure_ascii=False), shipments[id_][4], change()),
            )
            for id_ in sorted(other & shipments.keys())
        ],
    )


def _delete(connection: Connection, table: Any, key: Any, facility_id: int, ids: set[str]) -> None:
    for id_ in sorted(ids):
        connection.execute(delete(table).where(table.facility_id == facility_id, key == id_))
