"""Operations that come in a file instead of a push, and the answers that go back in one; PROTOCOL.md, Carrying.

A file is lines, each a part: one batch of the device that made it, sealed by a key that only that device and
this server have. Whoever carries it can neither change it nor make one, and the answers are sealed likewise.
A part is applied by the same push as any other batch, so it counts once however often and by whatever way it comes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct
from sqlmodel import Session

from backend.clock import from_iso, to_iso
from backend.problems import Problem
from backend.services import devices
from backend.settings import Settings
from sync.push import Arrived, Envelope, Item, arrivals, push

FORMAT = 1
PART_BYTES_MAX = 1024 * 1024
OPERATIONS, ANSWERS = b"bincard.carry.operations\n", b"bincard.carry.answers\n"
"""What a seal is for: answers can never be passed off as operations, nor the other way round."""
_SEAL = re.compile(rb',"seal":"([0-9a-f]{64})"\}')
_SEAL_LENGTH = len(b',"seal":""}') + 64


class Part(Struct):
    """One line of a file: a batch of operations of one device. `name` is for people."""

    format: int
    device: str
    name: str
    made_at: str
    part: int
    parts: int
    operations: list[Item]
    epoch: str | None = None


class _Kind(Struct):
    """What a line is, before anything else of it is looked at."""

    format: int
    operations: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    results: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Carried:
    """A part whose seal was verified, ready to be applied."""

    part: Part
    arrived: Sequence[Arrived]


_KIND = msgspec.json.Decoder(_Kind)
_PART = msgspec.json.Decoder(Part)


def seal(settings: Settings, device_id: str, purpose: bytes, text: bytes) -> str:
    """HMAC-SHA-256 by the device's token over what it is for and the text without its seal."""
    return hmac.new(
        devices.token_of(settings, device_id).encode(), purpose + text, hashlib.sha256
    ).hexdigest()


def read_part(settings: Settings, line: bytes) -> Carried:
    """A line of a file, verified. Nothing is stored and the database is not asked.

    Raises Problem 400 `unreadable_part`, 413, or 422 `unknown_format`, `wrong_file`, `bad_seal`.
    """
    if len(line) > PART_BYTES_MAX:
        raise Problem(413, "too_large", f"A part has at most {PART_BYTES_MAX} bytes.")
    try:
        kind = _KIND.decode(line)
        if kind.format != FORMAT:
            raise Problem(
                422,
                "unknown_format",
                f"The file is of format {kind.format}; only format {FORMAT} is known here.",
            )
        if kind.results is not msgspec.UNSET:
            raise Problem(
                422, "wrong_file", "The file holds answers: take it in on the tablet that they are for."
            )
        part = _PART.decode(line)
        from_iso(part.made_at)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, OverflowError) as error:
        raise Problem(
            400, "unreadable_part", f"This is no file of a tablet, or it is not whole: {error}"
        ) from None
    sealed = _SEAL.fullmatch(line, max(0, len(line) - _SEAL_LENGTH))
    text = line[: max(0, len(line) - _SEAL_LENGTH)]
    if not sealed or not hmac.compare_digest(
        sealed[1].decode(), seal(settings, part.device, OPERATIONS, text)
    ):
        raise Problem(
            422,
            "bad_seal",
            "The seal does not fit: the file was changed on the way, or is not of a device of this server.",
        )
    return Carried(part, arrivals(part.operations))


def deliver(
    session: Session, settings: Settings, carried: Carried, now: int
) -> tuple[dict[str, object], bytes]:
    """Apply a part as a push of its device: the answer, and the sealed line that brings it back.

    When the batch was sent is not known, only when it arrives: an operation that knows of no offset is taken
    to have none. A gap in the numbers changes nothing; its answer tells the device from where to send again.
    Raises Problem 422 as `devices.spoken_for` does.
    """
    part = carried.part
    bearer = devices.spoken_for(session, part.device)
    envelope = Envelope(part.device, to_iso(now), part.operations, part.epoch)
    try:
        answer = push(session, bearer.id, envelope, carried.arrived, now=now, time_zone=settings.time_zone)
    except Problem as problem:
        if problem.kind == "revoked_device":
            # Revoked just now; told as a refusal of the file, not of the one who brings it.
            raise devices.carried_revoked() from None
        if problem.kind != "gap":
            raise
        answer = {"server_time": to_iso(now), "results": [], "gap": True, **problem.extra}
    head: dict[str, object] = {
        "format": FORMAT,
        "device": part.device,
        "made_at": part.made_at,
        "part": part.part,
        "parts": part.parts,
    }
    text = msgspec.json.encode({**head, **answer, **bearer.told()})[:-1]
    return answer, text + f',"seal":"{seal(settings, part.device, ANSWERS, text)}"}}'.encode()
