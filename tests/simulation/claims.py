"""Who received what was sent, told once more for the model: the first receipt of a line counts, the others do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.model import Told

Item = tuple[str, str]
"""(product, lot)."""


def sent_to(ledgers: Mapping[str, Sequence[Told]], facility: str) -> list[tuple[str, Told]]:
    """(source, issue) of all that others sent here, in effective order; reversed ones too."""
    found = [
        (source, one)
        for source, told in ledgers.items()
        if source != facility
        for one in told
        if one.kind == "stock.issue" and one.body["destination"].get("facility") == facility
    ]
    return sorted(found, key=lambda pair: pair[1].place)


def second(
    told: Sequence[Told], gone: Set[str], sent: Sequence[tuple[str, Told]]
) -> set[tuple[str, str, str]]:
    """(receipt, product, lot) of lines that another receipt had received before. `told` is in effective order."""
    receipts = [one for one in told if _is_claim(one) and one.id not in gone]
    named = {_shipment(one) for one in receipts}
    taken: set[str] = set()
    claimed: dict[tuple[str, Item], str] = {}
    late: set[tuple[str, str, str]] = set()
    for receipt in receipts:
        shipment = _shipment(receipt) or _matched(receipt, sent, named, taken)
        if not shipment:
            continue
        if not _shipment(receipt):
            taken.add(shipment)
        for item in _items(receipt):
            if claimed.setdefault((shipment, item), receipt.id) != receipt.id:
                late.add((receipt.id, *item))
    return late


def _is_claim(one: Told) -> bool:
    return one.kind == "stock.receive" and bool(one.body["source"].get("facility") or _shipment(one))


def _shipment(receipt: Told) -> str:
    return str(receipt.body.get("shipment") or "").lower()


def _matched(receipt: Told, sent: Sequence[tuple[str, Told]], named: Set[str], taken: Set[str]) -> str:
    """The first shipment that fits and that nobody has; or one that somebody has, if the paper is the same."""
    paper = receipt.body.get("reference", "")
    fitting = []
    for source, issue in sent:
        theirs = issue.body.get("reference", "")
        same_paper = not paper or not theirs or paper == theirs
        if (
            source == receipt.body["source"].get("facility")
            and same_paper
            and _items(receipt) <= _items(issue)
        ):
            fitting.append((issue.id, bool(paper) and paper == theirs))
    for id_, _ in fitting:
        if id_ not in named and id_ not in taken:
            return id_
    return next((id_ for id_, same in fitting if same), "")


def _items(one: Told) -> set[Item]:
    return {(line["product"], lot_of(line)) for line in one.body["lines"]}


def lot_of(line: Any) -> str:
    """The lot's number, '' for none."""
    lot = line.get("lot")
    return str(lot["number"]) if lot else ""
