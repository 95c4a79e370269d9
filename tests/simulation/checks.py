"""What must hold once all is well again. Each check raises Broken and says what it found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from backend.models import Card, Facility, Operation, Product, StockException
from backend.models.base import metadata
from backend.services import rebuild
from sync.pull import pull
from tests.simulation import model
from tests.simulation.device import Device
from tests.simulation.history import Broken
from tests.simulation.place import FACILITIES, TIME_ZONE
from tests.simulation.server import Request
from tests.simulation.world import World


class Kept(NamedTuple):
    """An operation as the server keeps it."""

    id: str
    text: str
    outcome: str


Look = dict[str, list[tuple[Any, Any]]]


def nothing_lost(world: World) -> None:
    """Everything that was called saved is in the ledger once, to the byte; or set aside, where a person sees it."""
    kept = world.server.read(_operations)
    aside = {
        id_
        for device in world.devices
        for id_, record in world.host.ask("look", disk=device.name)["outbox"]
        if record["state"] == "set_aside"
    }
    counts = Counter(row.id for row in kept)
    texts = {row.id: row.text for row in kept}
    for id_, text in world.oracle.saved.items():
        if id_ in world.oracle.excused and id_ not in counts:
            continue
        if id_ in aside and id_ not in counts:
            continue
        if counts[id_] != 1:
            raise Broken(f"{id_} was saved, and is in the ledger {counts[id_]} times")
        if texts[id_] != text:
            raise Broken(f"{id_} was saved as\n{text}\nand is in the ledger as\n{texts[id_]}")


def nothing_invented(world: World) -> None:
    """What is in the ledger was made by a device, byte for byte."""
    for row in world.server.read(_operations):
        if world.oracle.made.get(row.id) != row.text:
            raise Broken(f"{row.id} is in the ledger, and no device made it so")


def held_are_visible(world: World) -> None:
    """An operation that is not in the fold has an exception that says so."""
    shown = world.server.read(_shown)
    for row in world.server.read(_operations):
        if row.outcome == "held" and row.id not in shown:
            raise Broken(f"{row.id} is held, and nothing tells of it")


def outboxes_empty(world: World) -> None:
    """Nothing waits, and the device says so."""
    for device in world.devices:
        waiting = [
            id_
            for id_, record in world.host.ask("look", disk=device.name)["outbox"]
            if record["state"] == "waiting"
        ]
        if waiting or device.ask("waiting") != 0:
            raise Broken(f"{device.name} still waits with {waiting}")


def devices_are_their_own(world: World) -> None:
    """Two tablets that have given one number to two operations of their own do not go on as one device.

    After a restore numbers come again, and a copy is told only with its next new operation: not looked at then.
    """
    if world.restored:
        return
    given: dict[tuple[str, int], tuple[str, str]] = {}
    for device in world.devices:
        id_ = _session(world, device)["device"]
        for operation, record in world.host.ask("look", disk=device.name)["outbox"]:
            own = record.get("device") == id_ and not record.get("renumbered")
            # The answer to what is held tells nothing else; the copy is told with its next operation.
            if own and record["state"] == "answered" and record["outcome"] != "held":
                other = given.setdefault((id_, record["seq"]), (operation, device.name))
                if other[0] != operation:
                    raise Broken(f"{device.name} and {other[1]} are both {id_}: {operation}, {other[0]}")


def cards_agree(world: World) -> None:
    """The server's cards are the fold of the ledger, and each device sees those of its facility."""
    ledgers = {code: world.server.read(_told, code) for code in FACILITIES}
    for code in FACILITIES:
        stored = world.server.read(_cards, code)
        told = model.cards(ledgers, code)
        if stored != told:
            raise Broken(f"cards of {code}: {_difference(stored, told, 'the server', 'the ledger says')}")
        for device in world.devices:
            if _session(world, device)["facility"] != code:
                continue
            views = device.ask("cardsView")
            seen = {
                (view["product"], view["lot"], view["location"], view["account"]): view["on_hand"]
                for view in views
            }
            if seen != stored:
                raise Broken(f"cards of {code}: {_difference(seen, stored, device.name, 'the server')}")
            doubted = [view for view in views if view["provisional"]]
            if doubted:
                raise Broken(f"{device.name} still calls provisional: {doubted}")


def feeds_agree(world: World) -> None:
    """What a device pulled bit by bit is what one first pull gives: every row of every entity, exceptions too."""
    for device in world.devices:
        look: Look = world.host.ask("look", disk=device.name)
        fresh = world.server.read(_first_pull, _session(world, device)["device"], world.now)
        kept = {
            (entity, str(key)): row
            for entity in {entity for entity, _ in fresh} | (look.keys() & ENTITIES)
            for key, row in look.get(entity, [])
        }
        if kept != fresh:
            raise Broken(f"{device.name}: {_difference(kept, fresh, 'it has', 'a first pull')}")


def rebuild_is_clean(world: World) -> None:
    """`bincard rebuild --check` finds nothing."""
    differences = world.server.read(_rebuilt, world.now)
    if differences:
        raise Broken("rebuild --check: " + "; ".join(differences))


def answers_are_for_ever(world: World) -> None:
    """Whatever a device kept is sent once more, and is answered as the first time; nothing changes."""
    before = world.server.read(_whole)
    for device in world.devices:
        look: Look = world.host.ask("look", disk=device.name)
        session = dict(look["meta"])["session"]
        kept = sorted(
            (record["seq"], record["text"])
            for _, record in look["outbox"]
            if record["state"] == "answered" and record["device"] == session["device"]
        )
        if kept:
            operations = ",".join(f'{{"seq":{seq},"operation":{text}}}' for seq, text in kept)
            device.say("sends all again")
            _send(world, session, operations)
    after = world.server.read(_whole)
    if before != after:
        raise Broken(f"sending again changed something: {set(after) ^ set(before)}")


CHECKS: tuple[Callable[[World], None], ...] = (
    outboxes_empty,
    nothing_lost,
    nothing_invented,
    held_are_visible,
    devices_are_their_own,
    cards_agree,
    feeds_agree,
    rebuild_is_clean,
    answers_are_for_ever,
)

ENTITIES = {"product", "program", "reason", "facility", "lot", "user", "exception", "card", "shipment"}
"""The stores that hold pulled rows."""


def _session(world: World, device: Device) -> dict[str, Any]:
    """Who is signed in there, as the disk says."""
    session: dict[str, Any] = dict(world.host.ask("look", disk=device.name)["meta"])["session"]
    return session


def _send(world: World, session: dict[str, Any], operations: str) -> None:
    sent_at = "2026-11-22T09:00:00.000Z"
    body = (
        f'{{"device":"{session["device"]}","epoch":null,"sent_at":"{sent_at}","operations":[{operations}]}}'
    )
    answer = world.serve(Request("POST", "/sync/push", {"Authorization": f"Bearer {session['token']}"}, body))
    if answer is None or answer.status != 200:
        raise Broken(f"what was answered once is now refused: {answer}")
    results = json.loads(answer.body)["results"]
    fresh = [result["id"] for result in results if not result["replayed"]]
    if fresh:
        raise Broken(f"sent again, and new to the server: {fresh}")


def _operations(session: Session) -> list[Kept]:
    rows = session.exec(
        select(Operation.id, Operation.content, Operation.outcome).order_by(col(Operation.id))
    )
    return [Kept(id_, content.decode(), outcome) for id_, content, outcome in rows]


def _shown(session: Session) -> set[str]:
    """Operations of which an exception tells, whether it stands or a person has decided."""
    return set(session.exec(select(StockException.operation_id)))


def _told(session: Session, facility: str) -> list[model.Told]:
    """The operations in the ledger of a facility."""
    rows = session.exec(
        select(Operation)
        .join(Facility, col(Facility.id) == col(Operation.facility_id))
        .where(Facility.code == facility, Operation.copy_number == 0, Operation.outcome != "held")
    )
    return [model.Told(row.id, row.effective_at, row.content) for row in rows]


def _cards(session: Session, facility: str) -> dict[model.Card, int]:
    rows = session.execute(
        select_columns(
            col(Product.code), col(Card.lot), col(Card.location), col(Card.account), col(Card.on_hand)
        )
        .join(Product, col(Product.id) == col(Card.product_id))
        .join(Facility, col(Facility.id) == col(Card.facility_id))
        .where(col(Facility.code) == facility)
    )
    return {(product, lot, location, account): on_hand for product, lot, location, account, on_hand in rows}


def _first_pull(session: Session, device_id: str, now: int) -> dict[tuple[str, str], Any]:
    """Every row that a device with nothing on it would have after its first pull."""
    rows: dict[tuple[str, str], Any] = {}
    cursor: str | None = None
    while True:
        page: Any = json.loads(msgspec.json.encode(pull(session, device_id, cursor, limit=1000, now=now)))
        for change in page["changes"]:
            closed = change["entity"] == "exception" and change["row"]["state"] == "closed"
            if change["entity"] in ENTITIES and not closed:
                rows[change["entity"], change["key"]] = change["row"]
        if not page["more"]:
            return rows
        cursor = page["cursor"]


def _rebuilt(session: Session, now: int) -> list[str]:
    return rebuild.rebuild(session, check=True, now=now, time_zone=TIME_ZONE)


def _whole(session: Session) -> set[tuple[object, ...]]:
    """Every row of what operations change, for a comparison."""
    found: set[tuple[object, ...]] = set()
    for table in metadata.sorted_tables:
        if table.name != "device":
            found |= {(table.name, *row) for row in session.connection().execute(table.select())}
    return found


def _difference(one: dict[Any, Any], other: dict[Any, Any], name: str, other_name: str) -> str:
    """Where two tables differ, in words."""
    keys = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    told = [
        f"{key}: {name} {one.get(key, 'nothing')}, {other_name} {other.get(key, 'nothing')}"
        for key in sorted(keys, key=str)
    ]
    return "; ".join(told[:6])
