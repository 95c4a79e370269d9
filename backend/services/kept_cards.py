"""Cards and lots of facilities, kept in the process between transactions: a tablet's queue comes in batches.

Who changes a card or a lot takes a number of its facility's counter, whose row is locked meanwhile. So what was kept
when the counter stood at a number is what the database holds for as long as it stands there, in one life of the
database (its epoch). Whoever else wrote has moved the counter, and then nothing of it is used.

What is kept is taken out to be used, and comes back only when the transaction that used it stands: of one that is
rolled back nothing is left here, and the next one reads again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session

from backend.db import after_commit
from backend.services.card_store import OpenCard
from backend.services.changes import Numbers
from backend.services.postings import CardKey, LotKey

ROWS_MAX = 20_000
"""Cards and lots in all, each well under a kilobyte. What was used least lately goes first, whole facilities."""


@dataclass(slots=True)
class Kept:
    """What is known of one facility's cards and lots' expiries: not all of them, but as they are stored."""

    stand: tuple[str, int]
    cards: dict[CardKey, OpenCard] = field(default_factory=dict)
    lots: dict[LotKey, str | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cards) + len(self.lots)


class Keeper:
    """All that is kept of one database, by facility, the least lately used first."""

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._rows_max = rows_max
        self._turn = Lock()
        self._kept: dict[int, Kept] = {}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def take(self, facility_id: int) -> Kept | None:
        """What is kept of a facility, which is kept no longer."""
        with self._turn:
            kept = self._kept.pop(facility_id, None)
            self._rows -= len(kept) if kept is not None else 0
            return kept

    def put(self, all_kept: Mapping[int, Kept]) -> None:
        """Keep these, and let go of what is too much."""
        with self._turn:
            for facility_id, kept in all_kept.items():
                before = self._kept.pop(facility_id, None)
                self._rows += len(kept) - (len(before) if before is not None else 0)
                self._kept[facility_id] = kept
            while self._rows > self._rows_max:
                oldest = next(iter(self._kept))
                self._rows -= len(self._kept.pop(oldest))


_KEEPERS: WeakKeyDictionary[Engine, Keeper] = WeakKeyDictionary()
_PENDING = "kept_cards"


def keeper_of(engine: Engine) -> Keeper:
    """What is kept of this database."""
    return _KEEPERS.setdefault(engine, Keeper())


def take(session: Session, facility_id: int, numbers: Numbers) -> Kept:
    """What is known of a facility's cards where its counter stands now; nothing when someone else has moved it."""
    kept = _pending(session).pop(facility_id, None) or keeper_of(_engine(session)).take(facility_id)
    return kept if kept is not None and kept.stand == numbers.stand else Kept(numbers.stand)


def keep(session: Session, facility_id: int, numbers: Numbers, kept: Kept) -> None:
    """Keep it once this transaction stands. Its numbers are saved, and all it wrote of cards and lots is in `kept`."""
    kept.stand = numbers.stand
    _pending(session)[facility_id] = kept


def _pending(session: Session) -> dict[int, Kept]:
    """What becomes of this transaction's cards when it stands: a later posting in it begins with them."""
    pending: dict[int, Kept] | None = session.info.get(_PENDING)
    if pending is None:
        pending = session.info[_PENDING] = {}
        keeper = keeper_of(_engine(session))
        after_commit(session, lambda: keeper.put(pending))
    return pending


def _engine(session: Session) -> Engine:
    return session.connection().engine
