"""Doors to other systems: each folder is self-contained and knows no other."""
