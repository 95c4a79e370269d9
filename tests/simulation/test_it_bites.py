"""The simulation notices when a safeguard is missing: each is switched off, and some seed must break."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.simulation.history import Failure
from tests.simulation.run import CLIENT, Bench
from tests.simulation.safeguards import CLIENTS, SERVERS, OnDevice, OnServer

SEEDS = range(1, 41)


def first_broken(worlds: Bench, program: str, notices: str, emphasis: Mapping[str, float]) -> Failure | None:
    """The first seed that breaks the promise that the safeguard keeps."""
    for seed in SEEDS:
        try:
            worlds.run(seed, program=program, emphasis=emphasis)
        except Failure as failure:
            if re.search(notices, str(failure.why)):
                return failure
    return None


@pytest.mark.parametrize("guard", SERVERS, ids=lambda guard: guard.name)
def test_a_safeguard_of_the_server(worlds: Bench, guard: OnServer) -> None:
    with guard.off():
        failure = first_broken(worlds, CLIENT, guard.notices, guard.emphasis)
    assert failure is not None
    assert f"make simulate SEED={failure.history.seed}" in str(failure)


@pytest.mark.parametrize("guard", CLIENTS, ids=lambda guard: guard.name)
def test_a_safeguard_of_the_client(worlds: Bench, guard: OnDevice) -> None:
    worlds.learn(guard.name, guard.script())
    assert first_broken(worlds, guard.name, guard.notices, guard.emphasis) is not None
