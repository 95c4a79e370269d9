"""Two rows in every table of the models, with the values that are hardest to carry from one database to another."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, select
from sqlmodel import Session

from backend.models import metadata

AWKWARD = "é\\N\t\"';\n漢\U0001f600"
ROWS = (1, 2)

# What a check insists on; everything else follows from the column's type.
_CHECKED: dict[str, tuple[object, object]] = {
    "assignment.zone_id": (None, 1),
    "assignment.facility_id": (2, None),
    "fact.flow": ("counted", "received"),
    "facility.role": ("warehouse", "service_delivery_point"),
    "operation.outcome": ("applied", "held"),
    "policy.maximum_month_hundredths": (2**31 - 1, 2**31 - 1),
    "product.ven": ("V", ""),
    "reason.type": ("credit", "debit"),
}


def fill(session: Session) -> None:
    """Put two rows into every table, in place of what migrating put there. Nothing in them makes sense."""
    for table in reversed(metadata.sorted_tables):
        session.connection().execute(table.delete())
    for table in metadata.sorted_tables:
        rows = [{column.name: _value(table, column, row) for column in table.columns} for row in ROWS]
        if table.name == "meta":
            rows[0]["key"] = "epoch"
        # One statement: references within a table are looked at when it ends.
        session.connection().execute(table.insert().values(rows))


def everything(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, sorted."""
    return {
        table.name: sorted(map(tuple, session.connection().execute(select(table))), key=repr)
        for table in metadata.sorted_tables
    }


def _value(table: Table, column: Column[Any], row: int) -> object:
    checked = _CHECKED.get(f"{table.name}.{column.name}")
    if checked is not None:
        return checked[row - 1]
    for key in column.foreign_keys:
        # The first refers to the second of its own table, which comes behind it.
        other = 2 if key.column.table is table else row
        return None if row == 2 and column.nullable else _value(key.column.table, key.column, other)
    if row == 2 and column.nullable:
        return None
    if isinstance(column.type, Boolean):
        return row == 1
    if isinstance(column.type, BigInteger) and not column.primary_key:
        return (2**63 - 1, -(2**63))[row - 1] if column.name != "pack_size" else 2**63 - row
    if isinstance(column.type, Integer):
        return row if column.primary_key or column.name == "scope" else (2**31 - 1, 0)[row - 1]
    if isinstance(column.type, LargeBinary):
        return (AWKWARD.encode(), b"\x00\xff\xfe no text")[row - 1]
    room = getattr(column.type, "length", None) or 400
    text = f"{row}{AWKWARD}{column.name}" if row == 1 or column.primary_key else ""
    return text[:room] if not column.unique else f"{row}{text}"[:room]
