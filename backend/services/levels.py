"""Levels of facilities as devices are told them: AMC and, where a policy says how much, minimum, maximum, order point.

They are computed from the ledger (services.consumption) and policies when one of these, or the month, has changed,
and stored so that only what differs is sent. What a manager's page shows (services.stock) follows from these formulas.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from sqlmodel import Session, select

from backend.domain.resupply import levels
from backend.models import Level, LevelMark
from backend.services.changes import Numbers
from backend.services.consumption import amc_of, reported_months
from backend.services.live import change_numbers
from backend.services.stock import Rules, kinds_of, last_complete_months, rules_stand
from backend.settings import Settings


class Told(NamedTuple):
    """A level without its change number; `backend.models.Level` says what each is."""

    amc: int | None
    months_reported: int
    minimum: int | None
    maximum: int | None
    order_point: int | None
    minimum_months: int | None
    maximum_months: int | None
    as_of: int


class Computed(NamedTuple):
    """Levels of a facility by product id, and what they were computed from: the mark, and the facility's number."""

    facility_id: int
    mark: str
    number: int
    levels: dict[int, Told]


def stale(session: Session, settings: Settings, now: int) -> list[int]:
    """Facilities with a ledger whose levels were computed from something else than what is there now, by id."""
    numbers = change_numbers(session)
    marks = _marks(session, settings, now, numbers)
    known = {row.facility_id: row.mark for row in session.exec(select(LevelMark))}
    return [id_ for id_ in sorted(marks) if known.get(id_) != f"{marks[id_]} {numbers[id_]}"]


def compute(session: Session, settings: Settings, now: int, facility_id: int) -> Computed:
    """The levels of a facility: of every product with a reported month up to its last complete one."""
    numbers = change_numbers(session, [facility_id])
    kinds = kinds_of(session, [facility_id])
    until = last_complete_months(session, settings, now, kinds)[facility_id]
    rules, type_id = Rules(session), kinds[facility_id][0]
    found = {}
    for (_, product), months in reported_months(session, facility_ids=[facility_id], until=until).items():
        amc, policy = amc_of(months, settings), rules.policy(type_id, product)
        known = None if amc is None or policy is None else levels(amc, policy)
        found[product] = Told(
            amc=amc,
            months_reported=min(len(months), settings.amc_months),
            minimum=known.minimum if known else None,
            maximum=known.maximum if known else None,
            order_point=known.emergency if known else None,
            minimum_months=policy.minimum if policy else None,
            maximum_months=policy.maximum if policy else None,
            as_of=until,
        )
    mark = _marks(session, settings, now, [facility_id])[facility_id]
    return Computed(facility_id, mark, numbers.get(facility_id, 0), found)


def store(session: Session, computed: Computed) -> int:
    """Write what differs, under new change numbers; returns how many levels did.

    A product without a reported month any more (its facts were reversed) keeps a level with nothing known in it.
    What was recorded since it was computed makes it stale again.
    """
    facility_id, mark, number, told = computed
    numbers = Numbers(session.connection(), facility_id)
    is_newest = numbers.stand[1] == number
    stored = {
        row.product_id: row for row in session.exec(select(Level).where(Level.facility_id == facility_id))
    }
    changed = 0
    for product in sorted(told.keys() | stored.keys()):
        row = stored.get(product)
        level = told.get(product) or Told(None, 0, None, None, None, None, None, row.as_of if row else 0)
        if row is not None and level == _told(row):
            continue
        row = row or Level(facility_id=facility_id, product_id=product, months_reported=0, as_of=0)
        for name, value in level._asdict().items():
            setattr(row, name, value)
        row.change = numbers.next()
        session.add(row)
        changed += 1
    numbers.save()
    seen = numbers.stand[1] if is_newest else number
    session.merge(LevelMark(facility_id=facility_id, mark=f"{mark} {seen}"))
    return changed


def _told(row: Level) -> Told:
    return Told._make(getattr(row, name) for name in Told._fields)


def _marks(session: Session, settings: Settings, now: int, facility_ids: Collection[int]) -> dict[int, str]:
    """What the levels of facilities hang on beside their ledgers: the same text while that stands."""
    kinds = {id_: kind for id_, kind in kinds_of(session, None).items() if id_ in facility_ids}
    until = last_complete_months(session, settings, now, kinds)
    rules = rules_stand(session), settings.amc_months, settings.days_in_month
    digest = hashlib.sha256(repr(rules).encode()).hexdigest()[:16]
    return {id_: f"{digest} {kinds[id_][0]} {until[id_]}" for id_ in kinds}
