"""SQLModel tables, a file per area. Importing this package knows them all (alembic does)."""

from backend.models.base import ChangeCounter, Meta, Tombstone, metadata
from backend.models.catalogue import Approval, Policy, Product, ProductIdentifier, Program, Reason
from backend.models.devices import Device, DevicePerson
from backend.models.documents import PeriodReport
from backend.models.ledger import Decision, Fact, FullCount, Operation, Reversal, Saying, VarianceChange
from backend.models.messages import Feedback, Recall
from backend.models.people import ApiToken, Assignment, SignInFailure, User, UserProgram, WebSession
from backend.models.places import Facility, FacilityType, Zone
from backend.models.projections import (
    Card,
    CountResult,
    Displacement,
    Level,
    LevelMark,
    Lot,
    Receipt,
    Register,
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
    "Feedback",
    "FullCount",
    "Level",
    "LevelMark",
    "Lot",
    "Meta",
    "Operation",
    "PeriodReport",
    "Policy",
    "Product",
    "ProductIdentifier",
    "Program",
    "Reason",
    "Recall",
    "Receipt",
    "Register",
    "Reversal",
    "Saying",
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
