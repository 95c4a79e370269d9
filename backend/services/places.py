"""Zones, facility types and facilities: the one place that writes them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from backend.domain.zones import SEPARATOR
from backend.models import Facility, FacilityType, Zone
from backend.problems import Problem
from backend.services.rows import Change, bring_to

NAME_LENGTH_MAX = 200
LEVELS_MAX = 10


class Places:
    """The zones and facility types of the country, held whole and added to as they are named.

    Names are compared without regard to capitals, so that `BLANTYRE` and `Blantyre` are one zone.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._zones: dict[tuple[int | None, str], Zone] = {}
        for zone in session.exec(select(Zone)).all():
            self._zones[zone.parent_id, zone.name.casefold()] = zone
        types = session.exec(select(FacilityType)).all()
        self._types: dict[str, FacilityType] = {type_.name.casefold(): type_ for type_ in types}

    def find_zone(self, path: str) -> int | None:
        """The zone at a path such as `South/Blantyre`; None when there is none."""
        at: int | None = None
        for name in zone_names(path):
            zone = self._zones.get((at, name.casefold()))
            if zone is None:
                return None
            at = zone.id
        return at

    def zone(self, path: str, time_zone: str | None = None) -> int:
        """The zone at a path, made with all above it where it is not there yet.

        `time_zone` is set on a zone that is made now. Raises Problem 422 `bad_zone_path`.
        """
        at: int | None = None
        for level, name in enumerate(zone_names(path), start=1):
            zone = self._zones.get((at, name.casefold()))
            if zone is None:
                zone = Zone(parent_id=at, name=name, level=level, time_zone=time_zone)
                self._session.add(zone)
                self._session.flush()
                self._zones[at, name.casefold()] = zone
            at = zone.id
        assert at is not None
        return at

    def find_type(self, name: str) -> int | None:
        """The facility type of that name; None when there is none."""
        found = self._types.get(name.casefold())
        return found.id if found else None

    def type(self, name: str) -> int:
        """The facility type of that name, made where it is not there yet."""
        found = self._types.get(name.casefold())
        if found is None:
            found = FacilityType(name=name)
            self._session.add(found)
            self._session.flush()
            self._types[name.casefold()] = found
        assert found.id is not None
        return found.id


def zone_names(path: str) -> list[str]:
    """The names along a zone path, from the top. Raises Problem 422 `bad_zone_path`."""
    names = [" ".join(part.split()) for part in path.split(SEPARATOR)]
    if not all(names) or len(names) > LEVELS_MAX or any(len(name) > NAME_LENGTH_MAX for name in names):
        raise Problem(
            422,
            "bad_zone_path",
            f"A zone path is 1 to {LEVELS_MAX} names joined by '/', such as South/Blantyre; this one is {path[:80]!r}.",
        )
    return names


def facilities_by_code(session: Session) -> dict[str, Facility]:
    """All facilities by code."""
    return {row.code: row for row in session.exec(select(Facility)).all()}


def facility_by_code(session: Session, code: str) -> Facility:
    """The facility with this code. Raises Problem 404 `unknown_facility`."""
    found = session.exec(select(Facility).where(col(Facility.code) == code.strip())).first()
    if found is None:
        raise Problem(404, "unknown_facility", f"There is no facility with the code {code!r}.")
    return found


def save_facility(
    session: Session, known: dict[str, Facility], code: str, values: Mapping[str, object]
) -> Change:
    """Add or change the facility with this code to these column values; a new one is put among `known`.

    The values of a new one must name its `type_id` and `zone_id`.
    """
    row = known.get(code)
    if row is None:
        row = known[code] = Facility(code=code, name=code, type_id=0, zone_id=0)
        bring_to(row, values)
        session.add(row)
        return "added"
    return "changed" if bring_to(row, values) else "unchanged"
