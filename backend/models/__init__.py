"""SQLModel tables, a file per area. Importing this package knows them all (alembic does)."""

from backend.models.base import ChangeCounter, Meta, Tombstone, metadata
from backend.models.catalogue import Approval, Policy, Product, ProductIdentifier, Program, Reason
from backend.models.devices import Device, DevicePerson
from backend.models.documents import PeriodReport
from backend.models.ledger import Decision, Fact, FullCount, Operation, Reversal, VarianceChange
from backend.models.people import ApiToken, Assignment, SignInFailure, User, UserProgram, WebSession
from backend.models.places import Facility, FacilityType, Zone
from backend.models.projections import (
    Card,
    CountResult,
    Displacement,
    Lot,
    Receipt,
    Shipment,
    StockException,
)

__all__ = [
    "ApiToken",
    "Approval",
    "Assignment",
    "Card",
    "ChangeCounter",
    "CountResult",
    "Decision",
    "Device",
    "DevicePerson",
    "Displacement",
    "Facility",
    "FacilityType",
    "Fact",
    "FullCount",
    "Lot",
    "Meta",
    "Operation",
    "PeriodReport",
    "Policy",
    "Product",
    "ProductIdentifier",
    "Program",
    "Reason",
    "Receipt",
    "Reversal",
    "Shipment",
    "SignInFailure",
    "StockException",
    "Tombstone",
    "User",
    "UserProgram",
    "VarianceChange",
    "WebSession",
    "Zone",
    "metadata",
]
