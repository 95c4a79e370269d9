"""One bench for all tests of the simulation: a node process, an engine, a furnished database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.run import Bench, bench


@pytest.fixture(scope="session")
def worlds() -> Iterator[Bench]:
    """Where seeds are run."""
    with bench() as made:
        yield made
