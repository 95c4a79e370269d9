"""Checking a name and a password: words, limits, demo accounts, and what is counted."""

from __future__ import annotations

import asyncio
import json

import pytest
from argon2 import PasswordHasher, Type
from sqlmodel import Session, select

from backend.db import Database
from backend.models import Meta, SignInFailure, User
from backend.problems import Problem
from backend.services import passwords, people, sign_in
from backend.services.sign_in import WINDOW_MS, check_password
from backend.settings import Settings
from tests.support.quick_passwords import USUAL, USUAL_NOBODY

NOW = 1_790_000_000_000
HOME = "203.0.113.7"
SETTINGS = Settings(sign_in_attempts=3)


@pytest.fixture
def ama(sqlite_database: Database) -> int:
    with sqlite_database.writing() as session:
        return people.add_user(session, name="ama", password="right horse", now=NOW)


def failures(database: Database) -> int:
    with database.reading() as session:
        return len(session.exec(select(SignInFailure)).all())


async def attempt(
    db: Database, password: str, *, name: str = "ama", address: str = HOME, now: int = NOW
) -> Problem | int:
    try:
        return await check_password(db, SETTINGS, now, name=name, password=password, address=address)
    except Problem as problem:
        return problem


async def test_the_right_password_gives_the_user_and_leaves_no_failure(
    sqlite_database: Database, ama: int
) -> None:
    assert await attempt(sqlite_database, "right horse", name=" ama ") == ama
    assert failures(sqlite_database) == 0


@pytest.mark.parametrize("case", ["wrong", "unknown", "disabled", "no password", "too long", "nothing"])
async def test_every_refusal_has_the_same_words(sqlite_database: Database, ama: int, case: str) -> None:
    name, password = "ama", "wrong horse"
    with sqlite_database.writing() as session:
        if case == "unknown":
            name = "nobody"
        if case == "disabled":
            password = "right horse"
            people.disable(session, ama, NOW)
        if case == "no password":
            name, password = "kofi", ""
            people.add_user(session, name="kofi", password=None, now=NOW)
        if case == "too long":
            name, password = "n" * 5000, "p" * 5000
        if case == "nothing":
            name, password = "", ""
    refused = await attempt(sqlite_database, password, name=name)
    assert isinstance(refused, Problem)
    assert (refused.status, refused.kind) == (401, "wrong_credentials")
    assert refused.detail == "The name or the password is not right."
    assert failures(sqlite_database) == 1


async def test_the_limit_holds_for_the_pair_and_says_how_long(sqlite_database: Database, ama: int) -> None:
    for second in range(3):
        await attempt(sqlite_database, "wrong", now=NOW + second * 1000)
    refused = await attempt(sqlite_database, "right horse", now=NOW + 5000)
    assert isinstance(refused, Problem)
    assert (refused.status, refused.kind) == (429, "too_many_attempts")
    assert refused.headers["Retry-After"] == str((WINDOW_MS - 5000) // 1000)
    assert await attempt(sqlite_database, "right horse", address="198.51.100.1", now=NOW + 5000) == ama
    assert await attempt(sqlite_database, "right horse", now=NOW + WINDOW_MS) == ama


async def test_one_address_cannot_try_name_after_name(sqlite_database: Database, ama: int) -> None:
    with sqlite_database.writing() as session:
        session.add_all(SignInFailure(name=f"n{i}", address=HOME, failed_at=NOW) for i in range(30))
    refused = await attempt(sqlite_database, "right horse", now=NOW + 1)
    assert isinstance(refused, Problem)
    assert refused.status == 429


async def test_many_attempts_at_once_are_all_counted(database: Database) -> None:
    answers = await asyncio.gather(*(attempt(database, "wrong") for _ in range(8)))
    statuses = sorted(answer.status for answer in answers if isinstance(answer, Problem))
    assert statuses == [401] * 3 + [429] * 5


async def test_demo_accounts_sign_in_on_this_machine_only(sqlite_database: Database, ama: int) -> None:
    with sqlite_database.writing() as session:
        session.add(Meta(key=sign_in.DEMO_USERS, value=json.dumps(["ama"])))
    refused = await attempt(sqlite_database, "right horse")
    assert isinstance(refused, Problem)
    assert (refused.status, refused.kind) == (403, "demo_account")
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert await attempt(sqlite_database, "right horse", address=address) == ama


def test_a_hash_costs_what_rfc_9106_says_for_nobody_too() -> None:
    assert (USUAL.type, USUAL.memory_cost, USUAL.time_cost) == (Type.ID, 65536, 3)
    assert not USUAL.check_needs_rehash(USUAL_NOBODY)


async def test_an_old_hash_is_made_anew(
    sqlite_database: Database, ama: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", USUAL)

    def weaken(session: Session) -> None:
        session.get_one(User, ama).password_hash = PasswordHasher(time_cost=1, memory_cost=1024).hash(
            "right horse"
        )

    await sqlite_database.write(weaken)
    assert await attempt(sqlite_database, "right horse") == ama
    with sqlite_database.reading() as session:
        assert "m=65536,t=3" in session.get_one(User, ama).password_hash
    assert await attempt(sqlite_database, "right horse") == ama


def test_old_failures_are_forgotten(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        session.add_all(SignInFailure(name="n", address="a", failed_at=NOW + i) for i in range(3))
        session.flush()
        assert sign_in.forget_old_failures(session, NOW + 1 + WINDOW_MS) == 2
    assert failures(sqlite_database) == 1
