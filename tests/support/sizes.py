"""How large the tests of crashes and load are: small in `make test`, as large as one says in `make soak`.

Read when the tests are collected, before they are shut off from the environment of whoever runs them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

SEED = int(os.environ.get("SOAK_SEED", "20261122"))
"""Of all chance in these tests; a failure tells it."""

SOAKING = "SOAK_FIGURES" in os.environ


def size(name: str, usual: int) -> int:
    """A size of the test run: `SOAK_<name>` in the environment, else the usual one."""
    return int(os.environ.get(f"SOAK_{name}", usual))


def note(subject: str, **figures: object) -> None:
    """Say what was measured, and add it to the file that `SOAK_FIGURES` names, a line of JSON each."""
    line = json.dumps({"subject": subject, **figures})
    print(line)
    if SOAKING:
        with Path(os.environ["SOAK_FIGURES"]).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
