"""Import products with their identifiers, and put them on the lists of programs, which are made as named.

Programs are added to and never taken away: what a program approves per facility type is the administrators'
to narrow. A column that the file does not have leaves what is stored as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.gs1 import normal_gtin
from backend.integrations.imports import cells
from backend.integrations.imports.job import Job, Kind, Line, Once, parsed
from backend.integrations.imports.outcome import Outcome, RefusedCell
from backend.services.catalogue import Catalogue

IDENTIFIERS = ("gtin", "atc", "unspsc", "national_code")
_FLAGS = {"controlled": False, "cold_chain": False, "indicator": False, "uses_vvm": False, "active": True}


@dataclass(frozen=True, slots=True)
class _Wanted:
    code: str
    values: dict[str, object]
    identifiers: dict[str, list[str]]
    programs: list[str]


def take(job: Job, lines: Sequence[Line], outcome: Outcome) -> None:
    """Add and change products."""
    once = Once("code")
    wanted = [one for _line, one in parsed(lines, lambda line: _parse(line, once), outcome)]
    catalogue = Catalogue(job.session)
    changes = {one.code: catalogue.save_product(one.code, one.values) for one in wanted}
    job.session.flush()
    for done, one in enumerate(wanted, start=1):
        product_id = catalogue.products[one.code].id
        assert product_id is not None
        changed = [catalogue.identify(product_id, *pair) for pair in one.identifiers.items()]
        programs = [*one.programs, *([job.program] if job.program else [])]
        changed += [catalogue.approve(catalogue.program(program), product_id) for program in programs]
        if any(changed) and changes[one.code] == "unchanged":
            changes[one.code] = "changed"
        job.progress(done, len(wanted))
    job.session.flush()
    outcome.count(changes.values())


def _parse(line: Line, once: Once) -> _Wanted:
    code = cells.code("code", line.get("code"))
    once.check(line, code, code)
    values: dict[str, object] = {"name": cells.text("name", line.get("name"), length_max=400) or code}
    if line.has("dispensing_unit"):
        unit = cells.text("dispensing_unit", line.get("dispensing_unit"), length_max=64)
        values["dispensing_unit"] = unit or "unit"
    if line.has("pack_size"):
        values["pack_size"] = cells.whole("pack_size", line.get("pack_size"), low=1, blank=1)
    if line.has("category"):
        values["category"] = cells.text("category", line.get("category"), length_max=200)
    if line.has("ven"):
        values["ven"] = _ven(line.get("ven"))
    for column, blank in _FLAGS.items():
        if line.has(column):
            values[column] = cells.flag(column, line.get(column), blank=blank)
    identifiers = {system: _identifiers(line, system) for system in IDENTIFIERS if line.has(system)}
    programs = [cells.code("programs", part) for part in cells.listed(line.get("programs"))]
    return _Wanted(code, values, identifiers, programs)


def _ven(value: str) -> str:
    if value.upper() not in ("", "V", "E", "N"):
        raise RefusedCell("ven", f"is {value[:40]!r}; it must be V, E, N or blank")
    return value.upper()


def _identifiers(line: Line, system: str) -> list[str]:
    found = []
    for part in cells.listed(line.get(system)):
        value = cells.text(system, part, length_max=128)
        if system == "gtin":
            try:
                value = normal_gtin(value)
            except ValueError as error:
                raise RefusedCell("gtin", f"{value[:40]!r}: {error}") from error
        found.append(value)
    return found


KIND = Kind(
    "products",
    required=("code",),
    optional=(
        "name",
        "dispensing_unit",
        "pack_size",
        "category",
        "programs",
        *IDENTIFIERS,
        "ven",
        *_FLAGS,
    ),
    take=take,
)
