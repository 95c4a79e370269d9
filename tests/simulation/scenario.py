"""What can happen in a simulated world, each with how often: one step is one of these, chosen by the seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from sqlmodel import Session, col, select

from backend.clock import DAY_MS, local_date, to_iso
from backend.models import Device as DeviceRow
from backend.models import User
from backend.services import devices, people
from tests.simulation.device import Device
from tests.simulation.place import FACILITIES, TIME_ZONE
from tests.simulation.work import some_work
from tests.simulation.world import HOUR, SKEWS, World

DEVICES_MAX = 5
WAITS = (1_000, 20_000, 4 * 60_000, 11 * 60_000, HOUR, 9 * HOUR, 30 * HOUR, 12 * 24 * HOUR)


def begin(world: World) -> None:
    """Two to four tablets, two of them at one facility, all enrolled."""
    places = [FACILITIES[0]] * 2 + world.chance.choices(FACILITIES, k=world.chance.randint(0, 2))
    for place in places:
        world.sign_in(world.add_device(place))
        world.network.deliver_all()


def moods(chance: Random, emphasis: Mapping[str, float]) -> list[float]:
    """How often each thing happens in one world: no two are alike, and some things are missing from some.

    A world in which everything happens is a world in which nothing happens twice; so each has its own mood.
    What is emphasised, by its name, happens so many times as often in any mood.
    """
    weights = []
    for action, often in ACTIONS.items():
        mood = chance.choice((0, 0.3, 1, 1, 1, 4))
        name = action.__name__
        weights.append(often * emphasis.get(name, 1 if action in ALWAYS else mood))
    return weights


def step(world: World, weights: Sequence[float]) -> None:
    """Let one thing happen; time goes on a little."""
    world.now += world.chance.choice((0, 1, 15, 400, 2_500))
    world.chance.choices(list(ACTIONS), weights)[0](world)
    if world.network.flights and world.chance.random() < 0.6:
        world.network.move()


def _someone(world: World) -> Device | None:
    """A tablet that is on and enrolled, if there is one."""
    able = [device for device in world.devices if device.on and device.enrolled]
    return world.chance.choice(able) if able else None


def record(world: World) -> None:
    """Somebody records something."""
    device = _someone(world)
    if device is None:
        return
    kind, body = some_work(world.chance, device.facility, sorted(world.oracle.made))
    options: dict[str, object] = {}
    if world.chance.random() < 0.12:
        back = world.chance.choice((60_000, 7 * 60_000, 5 * HOUR, 40 * HOUR, -HOUR))
        options["occurredAt"] = to_iso(world.now + device.skew - back)
    elif world.chance.random() < 0.08:
        days = world.chance.choice((0, 0, 1, 3))
        options["occurredDay"] = str(local_date(world.now + device.skew - days * DAY_MS, TIME_ZONE))
    device.call("append", kind, body, options, limit=world.some_limit())


def flush(world: World) -> None:
    """A tablet sends what waits, if it is due."""
    if device := _someone(world):
        device.call("flush", {"now": world.chance.random() < 0.5}, limit=world.some_limit())


def pull(world: World) -> None:
    """A tablet pulls what changed."""
    if device := _someone(world):
        device.call("pull", limit=world.some_limit())


def look(world: World) -> None:
    """Somebody looks at the screens, which keep in memory what they have read."""
    if device := _someone(world):
        for name in ("cardsView", "status", "attention"):
            device.call(name, limit=world.some_limit())


def long_wait(world: World) -> None:
    """So much time passes that answers are forgotten."""
    world.now += 95 * 24 * HOUR


def go_on(world: World) -> None:
    """Whatever was stopped on the way runs on."""
    for device in world.devices:
        if device.on and not device.quiet:
            device.go_on()


def move(world: World) -> None:
    """Something on the line arrives, or is lost."""
    if world.network.flights or world.network.ghosts:
        world.network.move()


def wait(world: World) -> None:
    """Time passes."""
    world.now += world.chance.choice(WAITS)


def skew(world: World) -> None:
    """A tablet's clock is set."""
    device = world.chance.choice(world.devices)
    device.skew = world.chance.choice(SKEWS)
    device.say(f"has its clock set to {device.skew:+d} ms")


def crash(world: World) -> None:
    """A tablet's battery is empty, rather in the middle of something; it comes back at once or later."""
    busy = [device for device in world.devices if device.on and not device.quiet]
    running = busy or [device for device in world.devices if device.on]
    if running:
        device = world.chance.choice(running)
        device.crash(stands=world.chance.random() < 0.5)
        if world.chance.random() < 0.7:
            device.boot()


def start(world: World) -> None:
    """A tablet that is off is switched on."""
    for device in world.devices:
        if not device.on:
            device.boot()


def crash_server(world: World) -> None:
    """The server will end at one of the next statements."""
    world.server.crash_in = world.chance.randint(0, 45)


def cut(world: World) -> None:
    """A tablet is out of reach."""
    world.chance.choice(world.devices).cut = True


def mend(world: World) -> None:
    """Every tablet is in reach."""
    for device in world.devices:
        device.cut = False


def sign_in(world: World) -> None:
    """Somebody signs in, whoever was before: tablets are shared."""
    if device := _someone(world):
        world.sign_in(device, limit=world.some_limit())


def revoke(world: World) -> None:
    """A manager revokes a device, perhaps one that was given up long ago."""
    ids = world.server.read(_devices)
    if ids:
        id_ = world.chance.choice(ids)
        world.server.write(devices.revoke, id_, world.now)
        world.history.say(f"{world.now} {id_} is revoked")


def disable(world: World) -> None:
    """Somebody is shut out."""
    id_ = world.chance.choice(world.server.read(_users))
    world.server.write(people.disable, id_, world.now)
    world.history.say(f"{world.now} user {id_} is disabled")


def enable(world: World) -> None:
    """Everybody may in again."""
    for id_ in world.server.read(_users):
        world.server.write(people.enable, id_)


def update(world: World) -> None:
    """The app is updated while things wait: another program on the same disk."""
    device = world.chance.choice(world.devices)
    if device.on:
        device.crash(stands=True)
    device.program = world.chance.choice([name for name in world.programs if name != device.program])
    device.boot()


def put_away(world: World) -> None:
    """A copy of a tablet's disk is kept, as a backup of the whole machine keeps it."""
    device = world.chance.choice(world.devices)
    if device.on:
        device.crash(stands=True)
    world.host.ask("copy", disk=device.name, to=f"copy of {device.name}")
    world.put_away[device.name] = device
    device.say("is copied")
    device.boot()


def put_back(world: World) -> None:
    """A tablet's disk is put back to that copy: it forgets what came after."""
    if not world.put_away:
        return
    name = world.chance.choice(sorted(world.put_away))
    device = world.put_away[name]
    if device.on:
        device.crash(stands=True)
    world.host.ask("copy", disk=f"copy of {name}", to=name)
    device.say("is put back to its copy")
    world.excuse()
    device.boot()
    _know_enrolled(world, device)


def clone(world: World) -> None:
    """A tablet's disk is copied onto another tablet, and both go on."""
    if len(world.devices) >= DEVICES_MAX:
        return
    device = world.chance.choice(world.devices)
    if device.on:
        device.crash(stands=True)
    name = f"tablet{len(world.devices) + 1}"
    twin = Device(world, name, device.facility, device.skew, device.locks, device.program)
    world.host.ask("copy", disk=device.name, to=twin.name)
    device.say(f"is cloned as {twin.name}")
    world.devices.append(twin)
    for one in (device, twin):
        one.boot()
        _know_enrolled(world, one)


def _know_enrolled(world: World, device: Device) -> None:
    """Whether, and where, the disk says that somebody is signed in."""
    session = dict(world.host.ask("look", disk=device.name).get("meta", [])).get("session")
    device.enrolled = session is not None
    device.facility = session["facility"] if session else device.facility
    device.shut_out = True


def back_up(world: World) -> None:
    """The server is backed up."""
    world.back_up()


def restore(world: World) -> None:
    """The server is lost, and restored from a backup."""
    if world.backups:
        world.restore(world.chance.choice(world.backups))


def _devices(session: Session) -> list[str]:
    return sorted(session.exec(select(DeviceRow.id).where(col(DeviceRow.revoked_at).is_(None))))


def _users(session: Session) -> list[int]:
    return sorted(id_ or 0 for id_ in session.exec(select(User.id)))


ACTIONS: dict[Callable[[World], None], float] = {
    record: 34,
    flush: 16,
    pull: 10,
    move: 14,
    look: 4,
    go_on: 4,
    wait: 5,
    long_wait: 0.5,
    crash: 5,
    start: 4,
    crash_server: 3,
    skew: 2,
    cut: 1.5,
    mend: 3,
    sign_in: 2.5,
    revoke: 0.7,
    disable: 0.5,
    enable: 0.8,
    update: 1.5,
    put_away: 1.2,
    put_back: 0.8,
    clone: 0.6,
    back_up: 1.2,
    restore: 0.7,
}
"""Everything that happens, and how often of a hundred or so."""
ALWAYS = (record, flush, pull, move, go_on, start, mend)
"""Without these nothing happens at all."""
