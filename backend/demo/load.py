"""Load the demo country into an empty database: reference data through services, history through push.

Each facility gets one device, enrolled when the history begins by the person who keeps its stock, and pushes what it
recorded quarter by quarter, so that every number of the demo has gone the way that real ones go.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from sqlmodel import Session, select

from backend.clock import HOUR_MS, MINUTE_MS, local_moment, to_iso
from backend.demo.country import KEEPS, POLICIES, Place, facilities
from backend.demo.history import Event, Simulation
from backend.demo.medicines import MEDICINES, PROGRAMS
from backend.demo.open_work import call_back, open_work, write_to_facility
from backend.demo.people import Keepers, add_people
from backend.domain.device_status import DeviceStatus
from backend.domain.periods import bounds, first_day, period_of, shifted
from backend.models import Facility, Product, User
from backend.services import devices
from backend.services.catalogue import Catalogue, save_policy
from backend.services.places import Places, facilities_by_code, save_facility
from backend.services.reasons import ensure_default_reasons
from backend.settings import Settings
from sync.push import push, read_envelope

SEED = 20_260_101
MONTHS = 18
PUSH_EVERY_MONTHS = 3
OPERATIONS_A_PUSH = 200

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Device:
    id: str
    facility: str
    author: str
    next_seq: int = 1
    last_at: int = 0


def is_empty(session: Session) -> bool:
    """Whether nobody has put anything of their own into the database yet."""
    return all(session.exec(select(table.id).limit(1)).first() is None for table in (Facility, Product, User))


def load(session: Session, settings: Settings, now: int, progress: Progress) -> None:
    """Load everything. The settings carry the secret key; the database is migrated and empty."""
    zone, random = settings.time_zone, Random(SEED)  # noqa: S311 - the same demo every time is what is wanted
    first = shifted(period_of(now, zone), -MONTHS)
    since, _end = bounds(first, zone)
    places = facilities()
    ensure_default_reasons(session)
    _add_reference(session, places)
    keepers = add_people(session, places, since)
    history = Simulation(places, MEDICINES, first, MONTHS, random).run()
    tablets: dict[str, _Device] = {}
    for done, place in enumerate(places, start=1):
        device = tablets[place.code] = _enrol(session, settings, place, keepers, since, random)
        operations = list(_operations(device, history[place.code], zone, random))
        for last, part in _quarters(operations, first, zone):
            _push(session, device, part, last, zone)
        progress(done, len(places))
        session.flush()
        # Most tablets were heard of since yesterday, one in eight not since the history ended.
        if done % 8:
            heard_at = now - random.randrange(20 * MINUTE_MS, 28 * HOUR_MS)
            devices.mark_seen(session, device.id, heard_at, _status(done, heard_at))
    for code, moment, kind, body in open_work(session, now):
        # On the first of a month some of it would lie before the history's last evening.
        at = max(moment, tablets[code].last_at + MINUTE_MS)
        text = _operation(tablets[code], kind, body, at, random)
        _push(session, tablets[code], [(at, text)], min(now, at + MINUTE_MS), zone)
    call_back(session, now)
    write_to_facility(session, now)
    session.flush()


def _status(number: int, heard_at: int) -> DeviceStatus:
    """What the tablet with this number told of itself: most are well, a few have something for people to see."""
    waiting = 3 * number if number % 5 == 0 else 0
    return DeviceStatus(
        waiting=waiting,
        oldest_at=heard_at - number * HOUR_MS if waiting else None,
        free=31_000_000 if number % 11 == 0 else 900_000_000 + number * 137_000_000,
        persisted=number % 9 != 0,
    )


def _add_reference(session: Session, places: Sequence[Place]) -> None:
    zones, catalogue = Places(session), Catalogue(session)
    for type_name, (minimum, maximum, emergency) in POLICIES.items():
        type_id = zones.type(type_name)
        save_policy(
            session,
            facility_type_id=type_id,
            program_id=None,
            minimum=minimum,
            maximum=maximum,
            emergency=emergency,
        )
    known = facilities_by_code(session)
    for place in places:
        values: dict[str, object] = {
            "name": place.name,
            "type_id": zones.type(place.type),
            "zone_id": zones.zone(place.zone_path),
            "operator": place.operator,
            "role": "warehouse" if place.is_warehouse else "service_delivery_point",
        }
        if place.supplied_by:
            values["supplied_by_id"] = known[place.supplied_by].id
        save_facility(session, known, place.code, values)
        session.flush()
    programs = {code: catalogue.program(code, name) for code, name in PROGRAMS.items()}
    for medicine in MEDICINES:
        catalogue.save_product(medicine.code, medicine.columns())
    session.flush()
    for medicine in MEDICINES:
        product_id = catalogue.products[medicine.code].id
        assert product_id is not None
        if medicine.atc:
            catalogue.identify(product_id, "atc", [medicine.atc])
        for type_name, tiers in KEEPS.items():
            if medicine.tier in tiers:
                catalogue.approve(programs[medicine.program], product_id, zones.type(type_name))
    session.flush()


def _enrol(
    session: Session, settings: Settings, place: Place, keepers: Keepers, moment: int, random: Random
) -> _Device:
    keeper, facility = keepers[place.code], facilities_by_code(session)[place.code]
    assert facility.id is not None
    id_, _token = devices.enrol(
        session,
        settings,
        user_id=keeper.user_id,
        facility_id=facility.id,
        name=f"Tablet of {place.name}",
        now=moment,
        ids=lambda: _uuid7(moment, random),
    )
    return _Device(id_, place.code, keeper.name)


def _operations(
    device: _Device, events: Sequence[Event], zone: str, random: Random
) -> Iterator[tuple[int, str]]:
    at = 0
    for event in events:
        # Operations of one hour are some minutes apart, in the order they were recorded.
        moment = max(local_moment(event.day, zone, event.hour, random.randrange(20)), at + 90_000)
        at = moment
        yield moment, _operation(device, event.kind, event.body, moment, random)


def _operation(device: _Device, kind: str, body: dict[str, object], moment: int, random: Random) -> str:
    recorded_at = to_iso(moment)
    operation = {
        "id": _uuid7(moment, random),
        "kind": kind,
        "version": 1,
        "facility": device.facility,
        "author": device.author,
        "recorded_at": recorded_at,
        "occurred_at": recorded_at,
        "offset_ms": 0,
        "seen": None,
        "body": body,
    }
    return json.dumps(operation, separators=(",", ":"), ensure_ascii=False)


def _quarters(
    operations: Sequence[tuple[int, str]], first: int, zone: str
) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Operations of every few months, with the moment at which they are sent: the turn of the month after."""
    for months in range(PUSH_EVERY_MONTHS, MONTHS + PUSH_EVERY_MONTHS, PUSH_EVERY_MONTHS):
        start = local_moment(first_day(shifted(first, months - PUSH_EVERY_MONTHS)), zone)
        end = local_moment(first_day(shifted(first, months)), zone)
        part = [one for one in operations if start <= one[0] < end]
        for at in range(0, len(part), OPERATIONS_A_PUSH):
            yield end - 1, part[at : at + OPERATIONS_A_PUSH]


def _push(
    session: Session, device: _Device, operations: Sequence[tuple[int, str]], now: int, zone: str
) -> None:
    items = []
    for moment, text in operations:
        device.last_at = moment
        items.append(f'{{"seq":{device.next_seq},"operation":{text}}}')
        device.next_seq += 1
    envelope, arrived = read_envelope(
        f'{{"device":"{device.id}","epoch":null,"sent_at":"{to_iso(now)}","operations":[{",".join(items)}]}}'.encode()
    )
    push(session, device.id, envelope, arrived, now=now, time_zone=zone)


def _uuid7(moment: int, random: Random) -> str:
    """A UUIDv7 whose random bits are the seed's."""
    value = (moment & ((1 << 48) - 1)) << 80 | random.getrandbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
