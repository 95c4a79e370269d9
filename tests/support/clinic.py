"""A small district for tests, brought in as a person would: by `bincard import` and `bincard user add`.

Ama is a nurse at both facilities of the south, Mercy manages the south, Otto is an outsider: a nurse of the north.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.support.served import Served

PASSWORD = "a-password-for-the-tests"
NURSE, MANAGER, OUTSIDER, ADMIN = "ama", "mercy", "otto", "ada"

FACILITIES = """code,name,type,zone_path
F1,Riverside Health Centre,health centre,Southland/Riverside
F2,Hilltop Health Centre,health centre,Southland/Hilltop
F9,Northern Health Centre,health centre,Northland
"""

NAMES = [
    ("Amoxicillin 250 mg capsule", "capsule", "Antibiotics"),
    ("Artemether-lumefantrine 20/120 mg", "tablet", "Malaria"),
    ("Cotrimoxazole 480 mg", "tablet", "Antibiotics"),
    ("Ferrous sulphate 200 mg", "tablet", "Maternal health"),
    ("Malaria rapid test", "test", "Malaria"),
    ("Metronidazole 200 mg", "tablet", "Antibiotics"),
    ("Oral rehydration salts", "sachet", "Child health"),
    ("Oxytocin 10 IU", "ampoule", "Maternal health"),
    ("Paracetamol 500 mg", "tablet", "Pain"),
    ("Quinine 300 mg", "tablet", "Malaria"),
    ("Vitamin A 200,000 IU", "capsule", "Child health"),
    ("Zinc 20 mg", "tablet", "Child health"),
]


def code(number: int) -> str:
    """The code of the product with this number, from 0."""
    return f"P{number:04d}"


def furnish(served: Served, folder: Path, *, products: int = len(NAMES)) -> None:
    """Bring facilities, so many products and the people into an empty, migrated database."""
    rows = []
    for number in range(products):
        name, unit, category = NAMES[number % len(NAMES)]
        if number >= len(NAMES):
            name = f"{name} {number}"
        rows.append(f'{code(number)},"{name}",{unit},10,{category}\n')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "facilities.csv").write_text(FACILITIES)
    (folder / "products.csv").write_text("code,name,dispensing_unit,pack_size,category\n" + "".join(rows))
    served.command("import", "facilities", str(folder / "facilities.csv"))
    served.command("import", "products", str(folder / "products.csv"))
    said = PASSWORD + "\n"
    nurse = ["--role", "nurse", "--facility"]
    served.command("user", "add", NURSE, *nurse, "F1", "--facility", "F2", said=said)
    served.command("user", "add", OUTSIDER, *nurse, "F9", said=said)
    served.command("user", "add", MANAGER, "--role", "manager", "--zone", "Southland", said=said)
    served.command("user", "add", ADMIN, "--role", "admin", said=said)


def make_neighbours(url: str) -> None:
    """F2 moves into the zone of F1, so that either sees the other: goods go to and fro. On SQLite."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(
            "UPDATE facility SET zone_id = (SELECT zone_id FROM facility WHERE code = 'F1') WHERE code = 'F2'"
        )


def token(served: Served, user: str) -> str:
    """A bearer token for the read API with a person's rights."""
    made: dict[str, str] = json.loads(served.command("token", "create", "--user", user).stdout)
    return made["token"]
