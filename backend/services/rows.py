"""Bring a stored row to wanted values, and know whether anything changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sqlmodel import SQLModel

Change = Literal["added", "changed", "unchanged"]


def bring_to(row: SQLModel, values: Mapping[str, object]) -> bool:
    """Set the attributes that differ; whether any did. An unchanged row is not written and devices do not pull it."""
    differing = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in differing.items():
        setattr(row, name, value)
    return bool(differing)
