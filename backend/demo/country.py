"""The demo country: invented zones at three levels, forty facilities, what each type keeps and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

COUNTRY = "Marenga"
REGIONS = {
    "Lakeside": ("Port Amber", "Reedmouth", "Ferry Cross"),
    "Highlands": ("Stonebrook", "Cloud Ridge", "Old Mill"),
    "Savanna": ("Longgrass", "Two Rivers"),
}
CENTRAL, DISTRICT, HOSPITAL, HEALTH_CENTRE, CLINIC = (
    "Central warehouse",
    "District warehouse",
    "Hospital",
    "Health centre",
    "Clinic",
)

POLICIES = {
    CENTRAL: (400, 900, 200),
    DISTRICT: (200, 500, 100),
    HOSPITAL: (200, 400, 100),
    HEALTH_CENTRE: (100, 300, 50),
    CLINIC: (100, 300, 50),
}
"""Minimum, maximum and emergency months of stock in hundredths."""

KEEPS = {CENTRAL: "CHD", DISTRICT: "CHD", HOSPITAL: "CHD", HEALTH_CENTRE: "CH", CLINIC: "C"}
"""Tiers of medicines that a type is approved for."""

USE_PERCENT = {HOSPITAL: 320, HEALTH_CENTRE: 100, CLINIC: 35}
"""How much a type uses, against a health centre."""

_HOSPITALS = ("Port Amber", "Reedmouth", "Stonebrook", "Cloud Ridge", "Longgrass", "Two Rivers")
_HEALTH_CENTRES = (
    ("Riverbend", "Port Amber"),
    ("Harbour Street", "Port Amber"),
    ("Saltmarsh", "Port Amber"),
    ("Heron Point", "Reedmouth"),
    ("Papyrus", "Reedmouth"),
    ("Ferry Landing", "Ferry Cross"),
    ("Net Menders", "Ferry Cross"),
    ("Quarry Road", "Stonebrook"),
    ("Upper Brook", "Stonebrook"),
    ("Mist Valley", "Cloud Ridge"),
    ("Eagle Pass", "Cloud Ridge"),
    ("Millstone", "Old Mill"),
    ("Barley Hill", "Old Mill"),
    ("Acacia", "Longgrass"),
    ("Windpump", "Longgrass"),
    ("Confluence", "Two Rivers"),
    ("Sandbank", "Two Rivers"),
)
_CLINICS = (
    ("Lighthouse", "Port Amber"),
    ("Bulrush", "Reedmouth"),
    ("Pier", "Ferry Cross"),
    ("Chapel Hill", "Stonebrook"),
    ("Tea Gardens", "Cloud Ridge"),
    ("Orchard", "Old Mill"),
    ("Baobab", "Longgrass"),
    ("Drift", "Two Rivers"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A facility of the demo country; `supplied_by` is the code of its warehouse."""

    code: str
    name: str
    type: str
    zone_path: str
    supplied_by: str
    operator: str = "Government"

    @property
    def is_warehouse(self) -> bool:
        """Whether it issues to facilities and dispenses to nobody."""
        return self.type in (CENTRAL, DISTRICT)


def zone_path(district: str) -> str:
    """The path of a district from the top."""
    region = next(region for region, districts in REGIONS.items() if district in districts)
    return f"{COUNTRY}/{region}/{district}"


def facilities() -> list[Place]:
    """All forty, each after the one that supplies it. HC01 is where the demo's nurse works."""
    return list(_facilities())


def _facilities() -> Iterator[Place]:
    districts = [district for districts in REGIONS.values() for district in districts]
    store = {district: f"DW{number:02d}" for number, district in enumerate(districts, start=1)}
    yield Place("CW01", f"{COUNTRY} Central Medical Store", CENTRAL, zone_path("Port Amber"), "")
    for district in districts:
        name = f"{district} District Medical Store"
        yield Place(store[district], name, DISTRICT, zone_path(district), "CW01")
    for number, district in enumerate(_HOSPITALS, start=1):
        name = f"{district} Hospital"
        yield Place(f"HO{number:02d}", name, HOSPITAL, zone_path(district), store[district])
    for number, (name, district) in enumerate(_HEALTH_CENTRES, start=1):
        full, operator = f"{name} Health Centre", "Faith-based" if number % 5 == 0 else "Government"
        yield Place(f"HC{number:02d}", full, HEALTH_CENTRE, zone_path(district), store[district], operator)
    for number, (name, district) in enumerate(_CLINICS, start=1):
        operator = "Private" if number % 3 == 0 else "Government"
        yield Place(
            f"CL{number:02d}", f"{name} Clinic", CLINIC, zone_path(district), store[district], operator
        )
