"""The geographic tree: paths such as `South/Blantyre`, and what lies below a zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SEPARATOR = "/"


@dataclass(frozen=True)
class Node:
    """One zone; `parent` is None at the top."""

    id: int
    parent: int | None
    name: str
    time_zone: str | None = None


class Tree:
    """Zones by id. A tree of a country is a few thousand nodes and is held whole."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: Mapping[int, Node] = {node.id: node for node in nodes}
        self._children: dict[int | None, list[int]] = {}
        for node in self.nodes.values():
            self._children.setdefault(node.parent, []).append(node.id)
        self._by_path = {self.path(zone): zone for zone in self.nodes}

    def path(self, zone: int) -> str:
        """Names from the top down to the zone, joined by `/`."""
        names: list[str] = []
        at: int | None = zone
        while at is not None:
            names.append(self.nodes[at].name)
            at = self.nodes[at].parent
        return SEPARATOR.join(reversed(names))

    def find(self, path: str) -> int | None:
        """The zone at a path, blanks around names ignored; None when there is none."""
        return self._by_path.get(SEPARATOR.join(part.strip() for part in path.split(SEPARATOR)))

    def children(self, zone: int | None) -> list[int]:
        """Zones just below (None: the top ones), by name."""
        return sorted(self._children.get(zone, []), key=lambda child: self.nodes[child].name)

    def subtree(self, zone: int) -> frozenset[int]:
        """The zone and everything below it."""
        found, waiting = set(), [zone]
        while waiting:
            at = waiting.pop()
            found.add(at)
            waiting += self._children.get(at, [])
        return frozenset(found)

    def above(self, zone: int) -> list[int]:
        """The zone and all that it lies in, upwards; none for a zone that is no more."""
        found: list[int] = []
        at: int | None = zone
        while at is not None and at in self.nodes:
            found.append(at)
            at = self.nodes[at].parent
        return found

    def time_zone(self, zone: int, default: str) -> str:
        """IANA name that periods are cut in: the nearest zone upwards that names one, else the default."""
        at: int | None = zone
        while at is not None:
            if self.nodes[at].time_zone:
                return self.nodes[at].time_zone or default
            at = self.nodes[at].parent
        return default
