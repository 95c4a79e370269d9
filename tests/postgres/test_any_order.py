"""The histories of tests/sync/test_any_order.py on PostgreSQL: the same state in any order of arrival, with repeats."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.db import Database
from tests.support import postgres
from tests.support.sizes import size
from tests.sync.conftest import World, world
from tests.sync.test_any_order import DEVICES, Done, delivered, done, interleaved, text_of

__all__ = ["world"]

Copied = Callable[[], AbstractContextManager[World]]


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """The other kind is tried beside the histories themselves."""
    return postgres_url


@pytest.fixture
def copied(world: World, postgres_server: str) -> Copied:
    """A fresh copy of the world for each history, gone with its block."""
    world.db.close()

    @contextmanager
    def copy() -> Iterator[World]:
        name = f"bincard_history_{uuid.uuid4().hex[:12]}"
        template = f'TEMPLATE "{world.db.url.database}" STRATEGY file_copy'
        postgres.execute(postgres_server, f'CREATE DATABASE "{name}" {template}')
        database = Database(postgres.psycopg_url(postgres.sibling(postgres_server, name)))
        yield World(database, facilities=world.facilities, users=world.users)
        database.close()
        postgres.execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')

    return copy


@settings(
    max_examples=size("HISTORIES", 5),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(done, min_size=4, max_size=14), st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_end_in_the_same_cards(
    copied: Copied, history: list[Done], random: Random
) -> None:
    texts: list[list[str]] = [[] for _ in DEVICES]
    for n, one in enumerate(history):
        texts[one[0]].append(text_of(n, history))
    in_turn = [(device, text) for device, mine in enumerate(texts) for text in mine]
    with copied() as world_:
        in_order = delivered(world_, in_turn, Random(0), repeats=False)
    with copied() as world_:
        assert delivered(world_, interleaved(texts, random), random, repeats=True) == in_order
