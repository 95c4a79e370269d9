"""The world becomes good again: the line is up, everybody may in, and nobody does anything but sign in and wait."""

from __future__ import annotations

from sqlmodel import Session, select

from backend.models import ChangeCounter
from tests.simulation import scenario
from tests.simulation.device import Device
from tests.simulation.history import Broken
from tests.simulation.world import World

ROUNDS_MAX = 15


def heal(world: World) -> None:
    """Bring every device to rest: everything sent and answered, everything pulled. Raises Broken if that has no end."""
    world.history.say(f"{world.now} all is well again")
    world.server.crash_in = None
    scenario.mend(world)
    scenario.enable(world)
    while world.network.ghosts:
        world.network.haunt()
    world.network.deliver_all()
    scenario.start(world)
    scenario.go_on(world)
    world.network.deliver_all()
    for _ in range(ROUNDS_MAX):
        before = _state(world)
        for device in world.devices:
            _sync(world, device)
        if before == _state(world) and all(_rests(world, device) for device in world.devices):
            return
    waiting = {device.name: _meta(world, device).get("paused") for device in world.devices}
    raise Broken(f"it does not come to rest: {waiting}")


def _sync(world: World, device: Device) -> None:
    """What the worker does when the network is back, after somebody signed in if that is asked for."""
    world.now += 1_000
    meta = _meta(world, device)
    paused = meta.get("paused")
    if paused is not None and not device.shut_out:
        raise Broken(f"{device.name} wants a person to sign in, and nobody shut it out: {paused}")
    if meta.get("session") is None or paused is not None:
        world.sign_in(device)
        world.network.deliver_all()
    for name, *args in (("flush", {"now": True}), ("pull",), ("flush", {"now": True})):
        device.call(name, *args)
        world.network.deliver_all()


def _rests(world: World, device: Device) -> bool:
    look = world.host.ask("look", disk=device.name)
    meta = dict(look["meta"])
    return meta.get("paused") is None and all(one["state"] != "waiting" for _, one in look["outbox"])


def _meta(world: World, device: Device) -> dict[str, object]:
    return dict(world.host.ask("look", disk=device.name).get("meta", []))


def _state(world: World) -> object:
    """Every counter of changes: the same before and after a round in which all pulled, all have all."""
    return world.server.read(_counters), world.ledger_ids()


def _counters(session: Session) -> list[tuple[int, int]]:
    return sorted((row.scope, row.value) for row in session.exec(select(ChangeCounter)))
