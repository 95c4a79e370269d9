"""Import users with their role at facilities, in zones, or everywhere. They sign in once a password is set.

A row says all that the person holds: what they hold beyond it is withdrawn from now on, so that a nurse
who moves does not keep the old place. Lists in a cell are separated by `;`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from backend.domain.roles import ROLES
from backend.integrations.imports import cells
from backend.integrations.imports.job import Job, Kind, Line, Once, parsed
from backend.integrations.imports.outcome import Outcome, RefusedCell
from backend.models import Assignment, User, UserProgram
from backend.problems import Problem
from backend.services import people
from backend.services.catalogue import Catalogue
from backend.services.places import Places, facilities_by_code
from backend.services.rows import Change, bring_to

NEEDS_A_PLACE = frozenset({"nurse", "pharmacist", "storekeeper"})

Place = tuple[int | None, int | None]
"""(facility id, zone id); both None: everywhere."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    role: str
    email: str | None
    places: frozenset[Place]
    programs: frozenset[int] | None


def take(job: Job, lines: Sequence[Line], outcome: Outcome) -> None:
    """Add users, and bring those that are there to what their rows say."""
    reader = _Reader(job)
    wanted = list(parsed(lines, reader.parse, outcome))
    known = {user.name: user for user in job.session.exec(select(User)).all()}
    changes: list[Change] = []
    for done, (line, one) in enumerate(wanted, start=1):
        try:
            changes.append(_save(job, known.get(one.name), one))
        except Problem as problem:
            outcome.refuse(line.number, "name", problem.detail)
        job.progress(done, len(wanted))
    job.session.flush()
    outcome.count(changes)


class _Reader:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._places = Places(job.session)
        self._catalogue = Catalogue(job.session)
        self._facilities = {code: row.id for code, row in facilities_by_code(job.session).items()}
        self._once = Once("name")

    def parse(self, line: Line) -> _Wanted:
        """The row's meaning; RefusedCell where it names what is not there."""
        name = cells.text("name", line.get("name"), length_max=people.NAME_LENGTH_MAX, required=True)
        self._once.check(line, name.casefold(), name)
        role = line.get("role").casefold()
        if role not in ROLES:
            raise RefusedCell("role", f"is {line.get('role')[:40]!r}; it must be one of {', '.join(ROLES)}")
        places = frozenset(self._places_of(line))
        if not places and role in NEEDS_A_PLACE:
            raise RefusedCell("facilities", f"is blank, and so is zones: a {role} works at some place")
        email = line.get("email") if line.has("email") else None
        if email and ("@" not in email or len(email) > people.EMAIL_LENGTH_MAX):
            raise RefusedCell("email", f"is not an e-mail address: {email[:40]!r}")
        return _Wanted(name, role, email, places or frozenset({(None, None)}), self._programs_of(line))

    def _places_of(self, line: Line) -> list[Place]:
        places: list[Place] = []
        for code in cells.listed(line.get("facilities")):
            if code not in self._facilities:
                raise RefusedCell("facilities", f"there is no facility {code[:64]!r}")
            places.append((self._facilities[code], None))
        for path in cells.listed(line.get("zones")):
            zone_id = self._places.find_zone(path)
            if zone_id is None:
                raise RefusedCell("zones", f"there is no zone {path[:80]!r}")
            places.append((None, zone_id))
        return places

    def _programs_of(self, line: Line) -> frozenset[int] | None:
        if not (line.has("programs") or self._job.program):
            return None
        codes = cells.listed(line.get("programs")) or ([self._job.program] if self._job.program else [])
        found = set()
        for code in codes:
            program_id = self._catalogue.find_program(code)
            if program_id is None and self._job.create_missing:
                program_id = self._catalogue.program(cells.code("programs", code))
            if program_id is None:
                raise RefusedCell(
                    "programs", f"there is no program {code[:64]!r} (--create-missing makes it)"
                )
            found.add(program_id)
        return frozenset(found)


def _save(job: Job, user: User | None, one: _Wanted) -> Change:
    if user is None:
        user_id = people.add_user(
            job.session, name=one.name, password=None, now=job.now, email=one.email or ""
        )
        for facility_id, zone_id in sorted(one.places, key=str):
            people.grant(
                job.session, user_id, one.role, now=job.now, facility_id=facility_id, zone_id=zone_id
            )
        people.narrow(job.session, user_id, one.programs or ())
        return "added"
    assert user.id is not None
    changed = one.email is not None and bring_to(user, {"email": one.email})
    changed |= _assign(job, user.id, one)
    return "changed" if _narrow(job, user.id, one.programs) or changed else "unchanged"


def _assign(job: Job, user_id: int, one: _Wanted) -> bool:
    current = job.session.exec(
        select(Assignment).where(Assignment.user_id == user_id, col(Assignment.withdrawn_at).is_(None))
    ).all()
    held = {(row.role, row.facility_id, row.zone_id): row.id for row in current}
    wanted = {(one.role, *place) for place in one.places}
    for key in held.keys() - wanted:
        people.withdraw(job.session, held[key] or 0, job.now)
    for role, facility_id, zone_id in sorted(wanted - held.keys(), key=str):
        people.grant(job.session, user_id, role, now=job.now, facility_id=facility_id, zone_id=zone_id)
    return held.keys() != wanted


def _narrow(job: Job, user_id: int, programs: frozenset[int] | None) -> bool:
    if programs is None:
        return False
    rows = job.session.exec(select(UserProgram.program_id).where(UserProgram.user_id == user_id)).all()
    if frozenset(rows) == programs:
        return False
    people.narrow(job.session, user_id, programs)
    return True


KIND = Kind(
    "users",
    required=("name", "role"),
    optional=("facilities", "zones", "programs", "email"),
    take=take,
)
