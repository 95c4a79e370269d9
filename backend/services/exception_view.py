"""One exception as the person who decides about it sees it: what is wrong, the operations concerned, whom to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from backend.models import Assignment, Operation, User
from backend.problems import Problem
from backend.services.access import access_of, zone_tree
from backend.services.exception_lists import ExceptionLine, one_exception
from backend.services.exceptions import Flag
from backend.services.operation_view import OperationPage, described
from backend.services.sight import Country, Place, Sight

ASKED_RIGHTS = ("exception.resolve", "exception.own")


@dataclass(frozen=True, slots=True)
class ExceptionPage:
    """The page. `operations` are the one that the exception is about and the other, as far as they are here.

    `people` are the names of those who may be asked to look: who may decide about it there.
    """

    line: ExceptionLine
    place: Place
    way: Sequence[tuple[int, str]]
    operations: Sequence[OperationPage]
    people: Sequence[str]


def exception_page(session: Session, sight: Sight, facility: str, exception_id: str) -> ExceptionPage:
    """An exception of a facility (its code), whatever its state. Raises Problem 404 out of sight."""
    country = Country(session, sight)
    place = country.place(facility)
    line = one_exception(session, sight.exceptions, place.id, exception_id)
    if line is None:
        raise Problem(404, "not_found", "There is nothing here.")
    operations = [described(session, country, one, place, ()) for one in _concerned(session, line)]
    people = people_to_ask(session, place.id, place.zone_id, sight.now)
    return ExceptionPage(line, place, country.way(place.zone_id), operations, people)


def people_to_ask(session: Session, facility_id: int, zone_id: int, now: int) -> list[str]:
    """Names of those who may decide about exceptions of a facility (in this zone) now."""
    tree, zones = zone_tree(session), list[int]()
    at: int | None = zone_id
    while at is not None:
        zones.append(at)
        at = tree.nodes[at].parent
    here = or_(
        col(Assignment.facility_id) == facility_id,
        col(Assignment.zone_id).in_(zones),
        and_(col(Assignment.facility_id).is_(None), col(Assignment.zone_id).is_(None)),
    )
    in_office = or_(col(Assignment.withdrawn_at).is_(None), col(Assignment.withdrawn_at) > now)
    ids = session.execute(
        select(col(Assignment.user_id).distinct())
        .join(User, col(User.id) == col(Assignment.user_id))
        .where(here, in_office, col(User.disabled_at).is_(None))
    ).scalars()
    found = access_of(session, ids).values()
    return sorted(
        one.name for one in found if any(one.allows(right, facility_id, now) for right in ASKED_RIGHTS)
    )


def _concerned(session: Session, line: ExceptionLine) -> list[Operation]:
    """The operation the exception is about, of several under one id the very one, and the other if it is here."""
    rows = session.execute(
        select(Operation)
        .where(
            col(Operation.facility_id) == line.facility_id,
            col(Operation.id).in_([line.operation.id, line.other.id if line.other else ""]),
        )
        .order_by(col(Operation.copy_number))
    ).scalars()
    under = list(rows)
    own = [one for one in under if one.id == line.operation.id]
    about = next((one for one in own if _keys(one, line)), own[0] if own else None)
    # Two contents under one id are to be compared with each other.
    others = own[:1] if line.code == "id_reused" else [one for one in under if one.id != line.operation.id]
    return [one for one in (about, *others[:1]) if one is not None]


def _keys(operation: Operation, line: ExceptionLine) -> bool:
    subject = operation.content_hash if operation.copy_number else ""
    return Flag(line.code, operation.id, line.line, {}, subject).id_at(line.facility_code) == line.id
