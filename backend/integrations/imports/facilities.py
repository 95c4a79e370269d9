"""Import facilities; zones and facility types are made as they are named.

`supplied_by` may name a facility that comes later in the file, so rows are judged twice: alone, and then
by whether the facility that supplies them is there. A column that the file does not have leaves what
is stored as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.integrations.imports import cells
from backend.integrations.imports.job import Job, Kind, Line, Once, parsed
from backend.integrations.imports.outcome import Outcome, RefusedCell
from backend.models import Facility
from backend.problems import Problem
from backend.services.places import Places, facilities_by_code, save_facility, zone_names
from backend.services.rows import Change

ROLES = ("warehouse", "service_delivery_point")
_TEXTS = {"operator": 200, "address": 400, "contact": 200, "gln": 13}


@dataclass(frozen=True, slots=True)
class _Wanted:
    code: str
    type_name: str
    zone_path: str
    supplied_by: str
    values: dict[str, object]


def take(job: Job, lines: Sequence[Line], outcome: Outcome) -> None:
    """Add and change facilities."""
    once = Once("code")
    found = list(parsed(lines, lambda line: _parse(line, once), outcome))
    known = facilities_by_code(job.session)
    wanted = _supplied(found, known, outcome)
    places = Places(job.session)
    changed: dict[str, Change] = {}
    for done, (_line, one) in enumerate(wanted, start=1):
        values = one.values | {"type_id": places.type(one.type_name), "zone_id": places.zone(one.zone_path)}
        changed[one.code] = save_facility(job.session, known, one.code, values)
        job.progress(done, len(wanted))
    job.session.flush()
    for line, one in wanted:
        if line.has("supplied_by"):
            supplier = known[one.supplied_by].id if one.supplied_by else None
            if known[one.code].supplied_by_id != supplier:
                known[one.code].supplied_by_id = supplier
                if changed[one.code] == "unchanged":
                    changed[one.code] = "changed"
    job.session.flush()
    outcome.count(changed.values())


def _parse(line: Line, once: Once) -> _Wanted:
    code = cells.code("code", line.get("code"))
    once.check(line, code, code)
    type_name = cells.text("type", line.get("type"), length_max=200, required=True)
    zone_path = line.get("zone_path")
    if not zone_path:
        raise RefusedCell("zone_path", "is blank")
    try:
        zone_names(zone_path)
    except Problem as problem:
        raise RefusedCell("zone_path", problem.detail) from problem
    values: dict[str, object] = {
        "name": cells.text("name", line.get("name"), length_max=200) or code,
    }
    for column, length_max in _TEXTS.items():
        if line.has(column):
            values[column] = cells.text(column, line.get(column), length_max=length_max)
    if line.has("active"):
        values["active"] = cells.flag("active", line.get("active"), blank=True)
    if line.get("role"):
        if line.get("role") not in ROLES:
            raise RefusedCell("role", f"is {line.get('role')[:40]!r}; it must be one of {', '.join(ROLES)}")
        values["role"] = line.get("role")
    values |= _position(line)
    return _Wanted(code, type_name, zone_path, line.get("supplied_by"), values)


def _position(line: Line) -> dict[str, object]:
    if not (line.has("latitude") or line.has("longitude")):
        return {}
    latitude = cells.microdegrees("latitude", line.get("latitude"), limit=90)
    longitude = cells.microdegrees("longitude", line.get("longitude"), limit=180)
    if (latitude is None) != (longitude is None):
        blank = "latitude" if latitude is None else "longitude"
        raise RefusedCell(blank, "is blank while the other coordinate is given")
    return {"latitude_microdegrees": latitude, "longitude_microdegrees": longitude}


def _supplied(
    found: Sequence[tuple[Line, _Wanted]], known: dict[str, Facility], outcome: Outcome
) -> list[tuple[Line, _Wanted]]:
    """The rows whose supplier is stored or is itself a row that is taken, and does not end in a circle."""
    codes = {row.id: code for code, row in known.items()}
    supplier = {code: codes.get(row.supplied_by_id, "") for code, row in known.items()}
    supplier |= {one.code: one.supplied_by for line, one in found if line.has("supplied_by")}
    taken = {one.code: (line, one) for line, one in found}
    while True:
        refused = {
            code: why for code in taken if (why := _why_not(code, supplier, taken.keys() | known.keys()))
        }
        for code, why in refused.items():
            outcome.refuse(taken.pop(code)[0].number, "supplied_by", why)
            supplier[code] = ""
        if not refused:
            return list(taken.values())


def _why_not(code: str, supplier: dict[str, str], there: set[str]) -> str:
    if supplier.get(code) and supplier[code] not in there:
        return f"there is no facility {supplier[code]!r}, or its row was refused"
    seen, at = {code}, supplier.get(code, "")
    while at and at not in seen:
        seen.add(at)
        at = supplier.get(at, "")
    return "the facilities would supply each other in a circle" if at == code else ""


KIND = Kind(
    "facilities",
    required=("code", "type", "zone_path"),
    optional=(
        "name",
        "operator",
        "supplied_by",
        "latitude",
        "longitude",
        "active",
        "role",
        "address",
        "contact",
        "gln",
    ),
    take=take,
    takes_program=False,
)
