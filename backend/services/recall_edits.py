"""Opening and closing recalls: who may for which zone, and what a recall must say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from backend.ids import uuid7
from backend.models import Facility, Recall
from backend.problems import Problem
from backend.services.sight import Country

LOTS_MAX = 100
LOT_MAX = 64
REASON_MAX = 400
INSTRUCTION_MAX = 2000


def zones_of(session: Session, country: Country, places: frozenset[int] | None) -> list[tuple[int, str]]:
    """Zones (id, path) all of whose facilities are among these places (None: all there are), by path."""
    inside = _facilities(session)
    within = [zone for zone in country.zones if _covers(country, inside, places, zone)]
    return sorted(((zone, country.tree.path(zone)) for zone in within), key=lambda one: one[1])


def covers(session: Session, country: Country, places: frozenset[int] | None, zone_id: int | None) -> bool:
    """Whether a right at these places (None: everywhere) is one over a whole zone (None: the country)."""
    return _covers(country, _facilities(session), places, zone_id)


def _covers(
    country: Country, inside: Mapping[int, set[int]], places: frozenset[int] | None, zone_id: int | None
) -> bool:
    if places is None or zone_id is None:
        return places is None
    found = set().union(*(inside.get(zone, set()) for zone in country.tree.subtree(zone_id)))
    return bool(found) and found <= places


def _facilities(session: Session) -> dict[int, set[int]]:
    """Ids of facilities by zone."""
    found: dict[int, set[int]] = {}
    for id_, zone in session.execute(select(col(Facility.id), col(Facility.zone_id))):
        found.setdefault(zone, set()).add(id_ or 0)
    return found


def open_recall(
    session: Session,
    *,
    product_id: int,
    lots: Sequence[str],
    reason: str,
    instruction: str,
    zone_id: int | None,
    by: str,
    now: int,
) -> str:
    """Call lots (none: all) of a product back; returns the recall's id. Raises Problem 422 for what it must say."""
    if not reason.strip():
        raise Problem(422, "no_reason", "Say why it is called back.")
    wanted = list(dict.fromkeys(lot.strip() for lot in lots if lot.strip()))
    if len(wanted) > LOTS_MAX or any(len(lot) > LOT_MAX for lot in wanted):
        raise Problem(422, "bad_lots", "A recall names at most 100 lots of at most 64 characters each.")
    if len(reason.strip()) > REASON_MAX or len(instruction.strip()) > INSTRUCTION_MAX:
        raise Problem(422, "too_long", "This text is too long.")
    same = select(Recall).where(
        col(Recall.product_id) == product_id, col(Recall.closed_at).is_(None), col(Recall.zone_id) == zone_id
    )
    if any(set(json.loads(row.lots)) == set(wanted) for row in session.execute(same).scalars()):
        raise Problem(409, "open_already", "Just these lots are called back there already.")
    id_ = uuid7(now)
    session.add(
        Recall(
            id=id_,
            product_id=product_id,
            lots=json.dumps(wanted, ensure_ascii=False),
            reason=reason.strip(),
            instruction=instruction.strip(),
            zone_id=zone_id,
            opened_at=now,
            opened_by=by,
        )
    )
    return id_


def close_recall(session: Session, recall_id: str, *, by: str, now: int) -> None:
    """Nobody has to look for it any more; one that was closed before stays as it was."""
    row = session.get(Recall, recall_id)
    if row is not None and row.closed_at is None:
        row.closed_at, row.closed_by = now, by
        session.add(row)
