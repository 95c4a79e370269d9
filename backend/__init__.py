"""Bincard's server: the rooms are named in ARCHITECTURE.md."""

__version__ = "0.1.0"
