"""Roles and the rights behind them.

A right is a verb on a subject. A role is a named bundle of rights, held at a place (models.people.Assignment).
"""

from __future__ import annotations

RECORD = frozenset(
    {"stock.count", "stock.receive", "stock.issue", "stock.adjust", "stock.unpack", "stock.reverse"}
    | {"stock.move", "stock.inspect", "location.set", "product.identify", "recall.answer"}
    | {"exception.own"}
)
"""Rights of someone who handles stock: each kind of operation, and to decide about the facility's own exceptions."""

OF_THE_FACILITY = "stock.view"
"""The right that everybody has who is of a facility."""

_GIVEN_BY = {"person.set": OF_THE_FACILITY, "feedback.read": OF_THE_FACILITY}


def right_for(kind: str) -> str:
    """The right that an operation of a kind needs: mostly it is named like the kind."""
    return _GIVEN_BY.get(kind, kind)


RIGHTS: dict[str, frozenset[str]] = {
    "nurse": RECORD | {"stock.dispense", "device.enrol", "stock.view"},
    "pharmacist": RECORD | {"stock.dispense", "device.enrol", "stock.view"},
    "storekeeper": RECORD | {"device.enrol", "stock.view"},
    "data_entry": frozenset({"stock.view", "report.enter", "manage.view", "api.read"}),
    "manager": frozenset(
        {"stock.view", "manage.view", "device.view", "device.revoke", "exception.view", "exception.resolve"}
        | {"recall.edit", "feedback.write", "report.view", "api.read"}
    ),
    "admin": RECORD
    | {"stock.dispense", "stock.view", "device.enrol", "device.view", "device.revoke", "manage.view"}
    | {"exception.view", "exception.resolve", "recall.edit", "feedback.write"}
    | {"report.view", "report.enter", "api.read"}
    | {"facility.edit", "product.edit", "policy.edit", "user.edit", "import.run"},
}

ROLES = tuple(RIGHTS)


def rights_of(role: str) -> frozenset[str]:
    """The rights of a role; none for a role that this release does not know."""
    return RIGHTS.get(role, frozenset())
