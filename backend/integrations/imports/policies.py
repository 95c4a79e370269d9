"""Import inventory policies: months of stock per facility type, for one program or (blank) for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.integrations.imports import cells
from backend.integrations.imports.job import Job, Kind, Line, Once, parsed
from backend.integrations.imports.outcome import Outcome, RefusedCell
from backend.services.catalogue import Catalogue, save_policy
from backend.services.places import Places

MONTHS_MAX = 120


@dataclass(frozen=True, slots=True)
class _Wanted:
    facility_type_id: int
    program_id: int | None
    minimum: int
    maximum: int
    emergency: int


def take(job: Job, lines: Sequence[Line], outcome: Outcome) -> None:
    """Add and change policies. Unknown types and programs are refused, or made with --create-missing."""
    places, catalogue, once = Places(job.session), Catalogue(job.session), Once("facility_type")
    wanted = list(parsed(lines, lambda line: _parse(job, places, catalogue, line, once), outcome))
    changes = []
    for done, (_line, one) in enumerate(wanted, start=1):
        change = save_policy(
            job.session,
            facility_type_id=one.facility_type_id,
            program_id=one.program_id,
            minimum=one.minimum,
            maximum=one.maximum,
            emergency=one.emergency,
        )
        changes.append(change)
        job.progress(done, len(wanted))
    job.session.flush()
    outcome.count(changes)


def _parse(job: Job, places: Places, catalogue: Catalogue, line: Line, once: Once) -> _Wanted:
    type_name = cells.text("facility_type", line.get("facility_type"), length_max=200, required=True)
    program = cells.text("program", line.get("program") or job.program or "", length_max=64)
    minimum = cells.hundredths("minimum_months", line.get("minimum_months"), high=MONTHS_MAX)
    maximum = cells.hundredths("maximum_months", line.get("maximum_months"), high=MONTHS_MAX)
    emergency = cells.hundredths("emergency_months", line.get("emergency_months"), high=MONTHS_MAX)
    if maximum < minimum:
        raise RefusedCell("maximum_months", "is below the minimum")
    shown = f"{type_name} / {program or 'all programs'}"
    once.check(line, (type_name.casefold(), program.casefold()), shown)
    type_id = places.type(type_name) if job.create_missing else places.find_type(type_name)
    if type_id is None:
        raise RefusedCell(
            "facility_type", f"there is no facility type {type_name!r} (--create-missing makes it)"
        )
    program_id = None
    if program:
        program_id = catalogue.program(program) if job.create_missing else catalogue.find_program(program)
        if program_id is None:
            raise RefusedCell("program", f"there is no program {program!r} (--create-missing makes it)")
    return _Wanted(type_id, program_id, minimum, maximum, emergency)


KIND = Kind(
    "policies",
    required=("facility_type", "minimum_months", "maximum_months", "emergency_months"),
    optional=("program",),
    take=take,
)
