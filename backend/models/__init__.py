"""SQLModel tables, a file per area. Importing this package knows them all (alembic does)."""

from backend.models.base import ChangeCounter, Meta, metadata
from backend.models.catalogue import Approval, Policy, Product, ProductIdentifier, Program, Reason
from backend.models.devices import Device
from backend.models.documents import PeriodReport
from backend.models.ledger import Card, CountResult, Fact, Lot, Operation, Reversal, StockException
from backend.models.people import ApiToken, Assignment, SignInFailure, User, UserProgram, WebSession
from backend.models.places import Facility, FacilityType, Zone

__all__ = [
    "ApiToken",
    "Approval",
    "Assignment",
    "Card",
    "ChangeCounter",
    "CountResult",
    "Device",
    "Facility",
    "FacilityType",
    "Fact",
    "Lot",
    "Meta",
    "Operation",
    "PeriodReport",
    "Policy",
    "Product",
    "ProductIdentifier",
    "Program",
    "Reason",
    "Reversal",
    "SignInFailure",
    "StockException",
    "User",
    "UserProgram",
    "WebSession",
    "Zone",
    "metadata",
]
