"""Several people on one device, and erasing it from afar: who may, what the device is told, and what is left of it."""

from __future__ import annotations

from typing import Any

from litestar.testing import TestClient
from sqlmodel import select

from backend.models import Assignment, Device, DevicePerson, SignInFailure, User
from backend.services import device_people, device_wipe, devices
from backend.settings import Settings
from tests.sync.conftest import PASSWORD, PASSWORD_HASH, Tablet, World, enrol, line, received
from tests.sync.test_routes import assert_problem, bearer, envelope


def sign_in(client: TestClient[Any], token: str, user: str, password: str = PASSWORD) -> Any:
    """An answer to a sign-in on the device that bears the token."""
    return client.post("/sync/people", json={"user": user, "password": password}, headers=bearer(token))


def colleague(world: World, name: str = "efua", facility: str = "A") -> None:
    """One more nurse with the password of all."""
    with world.db.writing() as session:
        user = User(name=name, created_at=world.now, password_hash=PASSWORD_HASH)
        session.add(user)
        session.flush()
        world.users[name] = user.id or 0
        place = world.facilities[facility]
        session.add(Assignment(user_id=user.id, role="nurse", facility_id=place, granted_at=world.now))


def told(client: TestClient[Any], token: str) -> dict[str, Any]:
    """What the answer of a pull tells."""
    answer = client.get("/sync/pull", headers=bearer(token))
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


def test_a_colleague_signs_in_and_the_device_is_told_of_both(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    colleague(world)
    token = enrolled["token"]
    assert told(client, token)["people"] == ["alice"]
    answer = sign_in(client, token, "efua")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"user": "efua", "people": ["alice", "efua"]}
    assert sign_in(client, token, "efua").status_code == 200
    assert told(client, token)["people"] == ["alice", "efua"]
    pushed = client.post("/sync/push", content=envelope(world, enrolled["device"]), headers=bearer(token))
    assert pushed.json()["people"] == ["alice", "efua"]
    assert "wipe" not in pushed.json()


def test_a_stranger_a_wrong_password_and_a_wrong_token_are_refused(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    token = enrolled["token"]
    assert_problem(sign_in(client, token, "bob"), 403, "not_permitted")
    assert_problem(sign_in(client, token, "alice", "guess"), 401, "wrong_credentials")
    assert_problem(sign_in(client, token, "dora"), 401, "wrong_credentials")
    assert_problem(sign_in(client, "x", "alice"), 401, "no_valid_token")
    unreadable = client.post("/sync/people", content=b"{", headers=bearer(token))
    assert_problem(unreadable, 400, "unreadable_sign_in")
    with world.db.writing() as session:
        devices.revoke(session, enrolled["device"], world.now)
    assert_problem(sign_in(client, token, "alice"), 403, "revoked_device")
    assert world.read(lambda session: len(session.exec(select(DevicePerson)).all())) == 1


def test_wrong_passwords_count_together_with_those_of_enrolments(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    assert_problem(enrol(client, password="guess"), 401, "wrong_credentials")
    # Each look at a password takes long on purpose: the others are written down as if they had been made.
    with world.db.writing() as session:
        failure = session.exec(select(SignInFailure)).one()
        rest = Settings().sign_in_attempts - 2
        session.add_all(
            SignInFailure(name="alice", address=failure.address, failed_at=world.now) for _ in range(rest)
        )
    assert_problem(sign_in(client, enrolled["token"], "alice", "guess"), 401, "wrong_credentials")
    refused = sign_in(client, enrolled["token"], "alice")
    assert_problem(refused, 429, "too_many_attempts")
    assert int(refused.headers["retry-after"]) > 0


def test_who_is_taken_off_is_told_no_more_and_what_they_recorded_is_taken_all_the_same(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    colleague(world)
    token = enrolled["token"]
    sign_in(client, token, "efua")
    with world.db.writing() as session:
        device_people.take_off(session, enrolled["device"], world.users["efua"], world.now)
        device_people.take_off(session, enrolled["device"], world.users["efua"], world.now + 5)
    assert told(client, token)["people"] == ["alice"]
    tablet = Tablet(world, enrolled["device"], "A", "efua")
    text = tablet.operation("stock.receive", received(line("P1", 5)))
    pushed = client.post(
        "/sync/push", content=envelope(world, enrolled["device"], text), headers=bearer(token)
    )
    assert [one["outcome"] for one in pushed.json()["results"]] == ["applied"]
    assert sign_in(client, token, "efua").json()["people"] == ["alice", "efua"]
    # A disabled account is off every device at once.
    with world.db.writing() as session:
        session.get_one(User, world.users["efua"]).disabled_at = world.now
    assert told(client, token)["people"] == ["alice"]


def test_a_device_without_people_is_told_so_and_still_sends(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    with world.db.writing() as session:
        device_people.take_off(session, enrolled["device"], world.users["alice"], world.now)
    assert told(client, enrolled["token"])["people"] == []


def test_a_wipe_is_told_until_it_is_called_off_or_done_and_ends_the_token(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    token, id_ = enrolled["token"], enrolled["device"]
    with world.db.writing() as session:
        device_wipe.ask_to_wipe(session, id_, world.now)
    assert told(client, token)["wipe"] is True
    with world.db.writing() as session:
        device_wipe.call_off(session, id_)
    assert "wipe" not in told(client, token)
    with world.db.writing() as session:
        device_wipe.ask_to_wipe(session, id_, world.now)
    pushed = client.post("/sync/push", content=envelope(world, id_), headers=bearer(token))
    assert pushed.json()["wipe"] is True
    world.now += 1000
    done = client.post("/sync/wiped", headers=bearer(token))
    assert (done.status_code, done.headers["clear-site-data"]) == (200, '"cookies"')
    when = select(Device.wiped_at, Device.revoked_at).where(Device.id == id_)
    assert world.read(lambda session: tuple(session.exec(when).one())) == (world.now, world.now)
    # The answer may have been lost: told again it is refused like everything, and the device knows enough.
    assert_problem(client.post("/sync/wiped", headers=bearer(token)), 403, "revoked_device")


def test_a_device_without_a_token_tells_nothing(client: TestClient[Any]) -> None:
    assert_problem(client.post("/sync/wiped"), 401, "no_valid_token")
