"""The line between devices and server: what is on the way, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulation.server import OURS, Answer, Request

if TYPE_CHECKING:
    from tests.simulation.device import Device
    from tests.simulation.world import World


@dataclass
class Flight:
    """A request that waits somewhere between a device's life and the server."""

    device: Device
    life: int
    fetch: int
    request: Request

    @property
    def awaited(self) -> bool:
        """Whether the program that sent it still runs."""
        return self.device.on and self.device.life == self.life


SIGNED_OUT = Answer(
    401, json.dumps({"type": OURS + "no_valid_token", "title": "Unauthorized", "status": 401})
)
STRANGERS = (
    Answer(502, "<html>Bad gateway</html>"),
    Answer(503, json.dumps({"type": "about:blank", "title": "Service Unavailable"}), {"Retry-After": "30"}),
    Answer(429, json.dumps({"type": OURS + "too_many", "detail": "later"}), {"Retry-After": "5"}),
    Answer(200, "<html>Welcome to the hotel's network. Please sign in.</html>"),
    Answer(200, json.dumps({"hello": "portal"})),
    Answer(401, "<html>Proxy authentication</html>"),
    Answer(403, json.dumps({"message": "blocked by policy"})),
    Answer(408, ""),
)
"""What somebody on the way answers in the server's place."""
TOO_LARGE = Answer(413, "<html>Request entity too large</html>")


@dataclass
class Network:
    """`flights` are waited for; `ghosts` are copies, and requests of programs that ended, which may still arrive."""

    world: World
    flights: list[Flight] = field(default_factory=list)
    ghosts: list[Request] = field(default_factory=list)

    def move(self) -> None:
        """Let something that is on the way arrive, or not: in any order, and with any fate."""
        chance = self.world.chance
        if self.ghosts and (not self.flights or chance.random() < 0.2):
            self.haunt()
            return
        flight = self.flights.pop(chance.randrange(len(self.flights)))
        if not flight.awaited:
            # Who sent it is gone; whether the request still arrives is open.
            if chance.random() < 0.6:
                self.ghosts.append(flight.request)
            return
        fates, weights = zip(*FATES.items(), strict=True)
        fate = chance.choices(fates, weights)[0] if not flight.device.cut else lost
        flight.device.say(f"#{flight.fetch}: {fate.__name__} ({flight.request.method} {flight.request.path})")
        answer = fate(self, flight)
        flight.device.answer(flight.fetch, answer, self.world.some_limit())

    def haunt(self) -> None:
        """Let a copy arrive, long after; nobody hears the answer."""
        request = self.ghosts.pop(self.world.chance.randrange(len(self.ghosts)))
        self.world.history.say(f"{self.world.now} a ghost arrives: {request.method} {request.path}")
        self.world.serve(request)

    def deliver_all(self) -> None:
        """The line is good: everything arrives and is answered, in the order in which it was sent."""
        while self.flights:
            flight = self.flights.pop(0)
            if flight.awaited:
                flight.device.answer(flight.fetch, self.world.serve(flight.request), None)


def arrives(network: Network, flight: Flight) -> Answer | None:
    """As it should be."""
    return network.world.serve(flight.request)


def lost(_network: Network, _flight: Flight) -> Answer | None:
    """The request never arrives."""
    return None


def answer_lost(network: Network, flight: Flight) -> Answer | None:
    """The server does its work, and the device hears nothing of it."""
    network.world.serve(flight.request)
    return None


def doubled(network: Network, flight: Flight) -> Answer | None:
    """It arrives, and again at some later time."""
    network.ghosts.append(flight.request)
    return network.world.serve(flight.request)


def given_up(network: Network, flight: Flight) -> Answer | None:
    """The device waits no longer; the request arrives afterwards."""
    network.ghosts.append(flight.request)
    return None


def stranger(network: Network, _flight: Flight) -> Answer | None:
    """Somebody on the way answers."""
    return network.world.chance.choice(STRANGERS)


def too_large(_network: Network, flight: Flight) -> Answer | None:
    """Somebody on the way takes no body of that size."""
    return TOO_LARGE if flight.request.method == "POST" else None


def signed_out(_network: Network, _flight: Flight) -> Answer | None:
    """The server does not know the token any more."""
    return SIGNED_OUT


FATES: dict[Callable[[Network, Flight], Answer | None], float] = {
    arrives: 70,
    lost: 7,
    answer_lost: 8,
    doubled: 5,
    given_up: 4,
    stranger: 4,
    too_large: 0.5,
    signed_out: 1,
}
