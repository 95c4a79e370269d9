"""Exceptions as a projection: raised with an operation, opened and closed with the cards."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, func, select

from backend.db import write_rows
from backend.ids import derived_id
from backend.models import Facility, Fact, Product
from backend.services.changes import Numbers


@dataclass(frozen=True, slots=True)
class Flag:
    """Something about an operation that looks wrong; `line` -1 speaks of the whole.

    `subject` is what the exception is keyed by beside the operation: its card, or by default its line.
    """

    code: str
    operation_id: str
    line: int = -1
    detail: Mapping[str, object] = field(default_factory=dict)
    subject: str = ""
    card: int | None = None

    def id_at(self, facility: str) -> str:
        """The exception's id: the same for the same facts at a facility (its code), on any server."""
        return derived_id(facility, self.code, self.operation_id, self.subject or str(self.line))


def as_answer(flags: Iterable[Flag], facility: str) -> list[dict[str, object]]:
    """The exceptions of an answer as they go on the wire; `facility` is the code of where they stand."""
    return [
        {"id": flag.id_at(facility), "code": flag.code, "line": flag.line, "detail": dict(flag.detail)}
        for flag in flags
    ]


@dataclass(frozen=True, slots=True)
class Turn:
    """A card whose `negative` moved from one operation (or none) to another (or none)."""

    card: int
    key: tuple[int, str, str, str]
    before: str | None
    after: str | None


def settle(
    session: Session,
    facility_id: int,
    numbers: Numbers,
    flags: Sequence[Flag],
    turned: Sequence[Turn],
    lines: Mapping[tuple[str, tuple[int, str, str, str]], int],
    now: int,
) -> dict[str, list[Flag]]:
    """Raise flags, open and close `negative_stock` for the cards that turned.

    `lines` knows the first line of each operation of this posting on each card. Returns what was
    raised here and stands, by operation id.
    """
    raised = list(flags)
    if turned:
        raised += _turn(session, facility_id, numbers, turned, lines, now)
    if raised:
        _raise(session, facility_id, numbers, raised, now)
    standing: dict[str, list[Flag]] = defaultdict(list)
    for flag in raised:
        standing[flag.operation_id].append(flag)
    return standing


def facility_code(session: Session, facility_id: int) -> str:
    """The code that names a facility on every server."""
    return session.exec(select(Facility.code).where(Facility.id == facility_id)).one()


def _turn(
    session: Session,
    facility_id: int,
    numbers: Numbers,
    turned: Sequence[Turn],
    lines: Mapping[tuple[str, tuple[int, str, str, str]], int],
    now: int,
) -> list[Flag]:
    wanted = {turn.key[0] for turn in turned}
    codes: dict[int, str] = {}
    for id_, code in session.exec(select(Product.id, Product.code).where(col(Product.id).in_(wanted))):
        codes[id_ or 0] = code
    write_rows(
        session.connection(),
        "UPDATE exception SET closed_at = ?, change = ? "
        "WHERE facility_id = ? AND code = 'negative_stock' AND operation_id = ? AND card = ?",
        [
            (now, numbers.next(), facility_id, turn.before, turn.card)
            for turn in turned
            if turn.before is not None
        ],
    )
    opened = []
    for turn in turned:
        if turn.after is not None:
            product, lot, location, account = turn.key
            card = {"product": codes[product], "lot": lot, "location": location, "account": account}
            line = lines.get((turn.after, turn.key))
            if line is None:
                line = _first_line(session, facility_id, turn.card, turn.after)
            subject = "\x1f".join(card.values())
            opened.append(Flag("negative_stock", turn.after, line, card, subject, turn.card))
    return opened


def _first_line(session: Session, facility_id: int, card: int, operation_id: str) -> int:
    here = (
        col(Fact.facility_id) == facility_id,
        col(Fact.card) == card,
        col(Fact.operation_id) == operation_id,
    )
    return session.exec(select(func.min(col(Fact.line))).where(*here)).one()


def _raise(session: Session, facility_id: int, numbers: Numbers, flags: Sequence[Flag], now: int) -> None:
    facility = facility_code(session, facility_id)
    write_rows(
        session.connection(),
        "INSERT INTO exception "
        "(facility_id, id, code, operation_id, line, card, detail, opened_at, closed_at, change) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?) "
        "ON CONFLICT (facility_id, id) DO UPDATE SET closed_at = NULL, change = excluded.change",
        [
            (
                facility_id,
                flag.id_at(facility),
                flag.code,
                flag.operation_id,
                flag.line,
                flag.card,
                json.dumps(flag.detail, ensure_ascii=False),
                now,
                numbers.next(),
            )
            for flag in flags
        ],
    )
