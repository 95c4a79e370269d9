"""Positions kept in the process, so that a page of a whole country costs what has changed and no more.

A facility's positions are good for as long as its change number, the shared data, the policies and
approvals, and the hour are the ones they were computed with; the hour, because a month ends somewhere.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection

from sqlmodel import Session

from backend.clock import HOUR_MS
from backend.services.live import change_numbers
from backend.services.stock import Position, positions, rules_stand
from backend.settings import Settings

FACILITIES_MAX = 5_000
"""More facilities than this are not kept; the pages of so large a country ask for a zone of it."""


class PositionCache:
    """Positions by facility. One for all reader threads of a process."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._rules: tuple[int, ...] = ()
        self._kept: dict[int, tuple[int, tuple[Position, ...]]] = {}

    def read(
        self, session: Session, settings: Settings, now: int, facility_ids: Collection[int]
    ) -> dict[int, tuple[Position, ...]]:
        """Positions of these facilities as of the session's snapshot or a little later, by product id."""
        rules = now // HOUR_MS, *rules_stand(session)
        numbers = change_numbers(session, facility_ids)
        # Whoever waits here would have computed the same.
        with self._turn:
            if rules != self._rules:
                self._rules, self._kept = rules, {}
            stale = [id_ for id_ in facility_ids if not self._is_fresh(id_, numbers.get(id_, 0))]
            if stale:
                self._keep(stale, numbers, positions(session, settings, now, facility_ids=stale))
            found = {id_: self._kept[id_][1] for id_ in facility_ids}
            if len(self._kept) > FACILITIES_MAX:
                self._kept = {}
        return found

    def _is_fresh(self, facility_id: int, number: int) -> bool:
        kept = self._kept.get(facility_id)
        return kept is not None and kept[0] >= number

    def _keep(self, facility_ids: Collection[int], numbers: dict[int, int], found: list[Position]) -> None:
        by_facility: dict[int, list[Position]] = defaultdict(list)
        for position in found:
            by_facility[position.facility_id].append(position)
        for id_ in facility_ids:
            self._kept[id_] = numbers.get(id_, 0), tuple(by_facility[id_])
