"""Who may do what where: the one place that turns assignments into rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from backend.domain.roles import rights_of
from backend.domain.zones import Node, Tree
from backend.models import Assignment, Facility, User, UserProgram, Zone


@dataclass(frozen=True)
class Held:
    """One role at one place. `facilities` None means everywhere; `until` None means still held."""

    role: str
    facilities: frozenset[int] | None
    since: int
    until: int | None

    def allows(self, right: str, facility_id: int | None, at: int) -> bool:
        """Whether this role gives the right there at that moment (`facility_id` None: anywhere at all)."""
        in_time = self.since <= at and (self.until is None or at < self.until)
        in_place = facility_id is None or self.facilities is None or facility_id in self.facilities
        return in_time and in_place and right in rights_of(self.role)


@dataclass(frozen=True)
class Access:
    """What one person may do, now and at any earlier moment. `programs` None means all."""

    user_id: int
    name: str
    disabled_at: int | None
    held: tuple[Held, ...]
    programs: frozenset[int] | None

    def disabled(self, at: int) -> bool:
        """Whether the person was already shut out at that moment."""
        return self.disabled_at is not None and self.disabled_at <= at

    def allows(self, right: str, facility_id: int | None, at: int) -> bool:
        """Whether the person had the right at a facility (None: at any) at a moment in UTC milliseconds."""
        return not self.disabled(at) and any(one.allows(right, facility_id, at) for one in self.held)

    def facilities(self, right: str, at: int) -> frozenset[int] | None:
        """Where the person has the right: facility ids, or None for everywhere."""
        if self.disabled(at):
            return frozenset()
        giving = [one for one in self.held if one.allows(right, None, at)]
        if any(one.facilities is None for one in giving):
            return None
        return frozenset().union(*(one.facilities or frozenset() for one in giving))

    def roles(self, at: int) -> list[str]:
        """Names of the roles held at a moment, each once."""
        return sorted(
            {one.role for one in self.held if one.since <= at and (one.until is None or at < one.until)}
        )

    def rights(self, at: int) -> frozenset[str]:
        """All rights held anywhere at a moment."""
        return frozenset().union(*(rights_of(role) for role in self.roles(at)))


def zone_tree(session: Session) -> Tree:
    """The whole tree of zones."""
    rows = session.exec(select(Zone.id, Zone.parent_id, Zone.name, Zone.time_zone)).all()
    return Tree(Node(id_ or 0, parent, name, zone) for id_, parent, name, zone in rows)


def access_of(session: Session, user_ids: Iterable[int]) -> dict[int, Access]:
    """Access of several people by user id, read with a handful of queries; unknown ids are left out."""
    wanted = sorted(set(user_ids))
    users = session.exec(select(User).where(col(User.id).in_(wanted))).all()
    assignments = session.exec(select(Assignment).where(col(Assignment.user_id).in_(wanted))).all()
    narrowed: dict[int, set[int]] = {}
    for one in session.exec(select(UserProgram).where(col(UserProgram.user_id).in_(wanted))).all():
        narrowed.setdefault(one.user_id, set()).add(one.program_id)
    zones = _facilities_below(session, {row.zone_id for row in assignments if row.zone_id is not None})
    created = {user.id: user.created_at for user in users}
    held: dict[int, list[Held]] = {}
    for row in assignments:
        held.setdefault(row.user_id, []).append(_held(row, zones, created[row.user_id]))
    return {
        user.id: Access(
            user.id,
            user.name,
            user.disabled_at,
            tuple(held.get(user.id, ())),
            frozenset(narrowed[user.id]) if user.id in narrowed else None,
        )
        for user in users
        if user.id is not None
    }


def access_by_name(session: Session, names: Sequence[str]) -> dict[str, Access]:
    """Access of several people by the name they sign with; unknown names are left out."""
    ids = session.exec(select(User.id).where(col(User.name).in_(set(names)))).all()
    return {one.name: one for one in access_of(session, [id_ for id_ in ids if id_ is not None]).values()}


def _held(row: Assignment, zones: dict[int, frozenset[int]], created_at: int) -> Held:
    # What came with the account counts from the beginning (docs/decisions/0007): an operation that says it is
    # older than its author's account tells of a wrong clock, and must not wait for a person because of it.
    since = row.granted_at if row.granted_at > created_at else 0
    places: frozenset[int] | None = None
    if row.facility_id is not None:
        places = frozenset({row.facility_id})
    elif row.zone_id is not None:
        places = zones[row.zone_id]
    return Held(row.role, places, since, row.withdrawn_at)


def _facilities_below(session: Session, zone_ids: set[int]) -> dict[int, frozenset[int]]:
    if not zone_ids:
        return {}
    tree = zone_tree(session)
    below = {zone: tree.subtree(zone) for zone in zone_ids}
    rows = session.exec(
        select(Facility.id, Facility.zone_id).where(
            col(Facility.zone_id).in_(frozenset().union(*below.values()))
        )
    ).all()
    return {
        zone: frozenset(id_ for id_, at in rows if id_ is not None and at in inside)
        for zone, inside in below.items()
    }
