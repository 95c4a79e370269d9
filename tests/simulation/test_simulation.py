"""A hundred histories keep every promise; what was meant to happen in them did; and a seed is a history for ever."""

from __future__ import annotations

import re

import pytest

from sync.operations import BODIES
from tests.simulation.__main__ import main
from tests.simulation.history import Failure
from tests.simulation.network import FATES
from tests.simulation.run import Bench, Report, bench
from tests.simulation.work import MAKERS

SEEDS = range(1, 101)


@pytest.fixture(scope="module")
def outcomes(worlds: Bench) -> list[Report | Failure]:
    """What each seed came to."""
    found: list[Report | Failure] = []
    for seed in SEEDS:
        try:
            found.append(worlds.run(seed))
        except Failure as failure:
            found.append(failure)
    return found


@pytest.fixture(scope="module")
def trace(outcomes: list[Report | Failure]) -> str:
    """All that happened."""
    return "\n".join(line for one in outcomes if isinstance(one, Report) for line in one.lines)


def test_every_seed_keeps_every_promise(outcomes: list[Report | Failure]) -> None:
    broken = [str(one) for one in outcomes if isinstance(one, Failure)]
    assert not broken, "\n".join(broken)
    assert sum(one.saved for one in outcomes if isinstance(one, Report)) > 1500
    assert sum(one.replays for one in outcomes if isinstance(one, Report)) > 1500


def test_every_kind_was_recorded_and_applied(trace: str) -> None:
    for kind in MAKERS:
        assert f'append ["{kind}"' in trace, kind
    assert MAKERS.keys() <= {kind for kind, _ in BODIES}


@pytest.mark.parametrize("fate", [fate.__name__ for fate in FATES])
def test_every_fate_met_a_push_and_a_pull(trace: str, fate: str) -> None:
    assert f": {fate} (POST /sync/push)" in trace
    if fate != "too_large":
        assert f": {fate} (GET /sync/pull)" in trace


@pytest.mark.parametrize(
    "what",
    [
        "crashes in ['append']",
        "crashes in ['flush']",
        "crashes in ['pull']",
        "crashes behind its commit in ['append']",
        "crashes behind its commit in ['flush']",
        "the server crashes in /sync/push",
        "the server crashes in /sync/enrol",
        "a ghost arrives: POST /sync/push",
        "is put back to its copy",
        "is cloned as",
        "the server is restored from",
        "nowhere any more",
        "is revoked",
        "is disabled",
        '"expected_seq":',
        "the server answers 401",
        "the server answers 403",
        "the server answers 409",
        '"outcome":"held"',
        "seq_reused",
        "author_disabled",
        "already_received",
        "already_reversed",
        "count_overlap",
        "variance_changed",
    ],
)
def test_it_happened(trace: str, what: str) -> None:
    assert what in trace


def test_devices_are_stopped_before_and_after_every_task_of_a_save(trace: str) -> None:
    whole = re.search(r"append .* \((\d+) tasks\)\n.* has done append", trace)
    assert whole is not None
    stopped = {int(found) for found in re.findall(r"append .* stopped after (\d+)\)", trace)}
    assert stopped >= set(range(int(whole[1])))


def test_a_seed_is_the_same_history_in_any_process(
    worlds: Bench, outcomes: list[Report | Failure], capsys: pytest.CaptureFixture[str]
) -> None:
    first = outcomes[6]
    assert isinstance(first, Report)
    assert worlds.run(first.seed).lines == first.lines
    with bench() as another:
        assert another.run(first.seed).digest == first.digest
    assert main(["--seed", str(first.seed)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(first.lines[0])
    assert first.digest in told
