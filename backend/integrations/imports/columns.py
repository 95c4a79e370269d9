"""Which of the file's columns is which of ours: by name, or as `--columns "ours=theirs,..."` says.

The right side is a header, or a template of headers in braces: `code={NZULM}`, `name={Product} {Strength}`.
Headers are compared without regard to capitals, and to how many blanks or line breaks are between words.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.integrations.imports.table import Row, Table, UnreadableFile

_HEADER_IN_BRACES = re.compile(r"\{([^{}]*)\}")


class WrongMapping(Exception):
    """`--columns` itself cannot be understood: a mistake on the command line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column of ours comes from: pieces of literal text and, as integers, places of cells."""

    pieces: tuple[str | int, ...]

    def read(self, row: Row) -> str:
        """The text for a row, blanks between words made one; empty when every cell it uses is."""
        cells = [
            piece if isinstance(piece, str) else (row.cells[piece] if piece < len(row.cells) else "")
            for piece in self.pieces
        ]
        used = [cell for cell, piece in zip(cells, self.pieces, strict=True) if isinstance(piece, int)]
        return " ".join("".join(cells).split()) if any(used) else ""


def parse_mapping(text: str, known: Sequence[str]) -> dict[str, str]:
    """`ours=theirs,...` as a mapping; a part may be quoted. Raises WrongMapping for what is not that."""
    mapping: dict[str, str] = {}
    for part in next(csv.reader([text], skipinitialspace=True), []):
        ours, equals, theirs = (piece.strip() for piece in part.partition("="))
        if not equals or not ours or not theirs:
            raise WrongMapping(f'--columns: {part!r} is not of the form "ours=theirs".')
        if ours not in known:
            raise WrongMapping(f"--columns: there is no column {ours!r} here. There is: {', '.join(known)}.")
        if ours in mapping:
            raise WrongMapping(f"--columns: {ours!r} is given twice.")
        mapping[ours] = theirs
    return mapping


def resolve(
    table: Table, mapping: Mapping[str, str], required: Sequence[str], optional: Sequence[str]
) -> dict[str, Source]:
    """Where each column of ours that the file has comes from.

    Raises UnreadableFile naming every missing column and what the file has instead.
    """
    places: dict[str, list[int]] = {}
    for place, header in enumerate(table.headers):
        if header:
            places.setdefault(_folded(header), []).append(place)
    sources: dict[str, Source] = {}
    missing: list[str] = []
    for ours in (*required, *optional):
        theirs = mapping.get(ours, ours)
        pieces = _pieces(theirs) if ours in mapping else (_Header(ours),)
        absent = [
            piece.name for piece in pieces if isinstance(piece, _Header) and _folded(piece.name) not in places
        ]
        if absent and (ours in mapping or ours in required):
            missing += [name if name == ours else f"{name} (for {ours})" for name in absent]
        elif not absent:
            sources[ours] = Source(tuple(_place(piece, places) for piece in pieces))
    if missing:
        raise UnreadableFile(_missing(missing, table.headers))
    return sources


@dataclass(frozen=True, slots=True)
class _Header:
    name: str


def _folded(header: str) -> str:
    return " ".join(header.split()).casefold()


def _pieces(theirs: str) -> tuple[str | _Header, ...]:
    if "{" not in theirs:
        return (_Header(theirs),)
    parts = _HEADER_IN_BRACES.split(theirs)
    if any("{" in part or "}" in part for part in parts[::2]):
        raise WrongMapping(f"--columns: the braces of {theirs!r} do not match.")
    return tuple(_Header(part) if at % 2 else part for at, part in enumerate(parts) if part)


def _place(piece: str | _Header, places: Mapping[str, list[int]]) -> str | int:
    if isinstance(piece, str):
        return piece
    found = places[_folded(piece.name)]
    if len(found) > 1:
        raise UnreadableFile(f"The file has {len(found)} columns named {piece.name!r}: rename all but one.")
    return found[0]


def _missing(missing: Sequence[str], headers: Sequence[str]) -> str:
    what = "no column" if len(missing) == 1 else "no columns"
    there = ", ".join(header for header in headers if header)
    first = missing[0].split(" (for ")[0]
    return (
        f"The file has {what} {', '.join(missing)}. It has: {there}. "
        f'Say which of them is meant, such as --columns "{first}=...".'
    )
