"""Read a CSV file whole: encoding, delimiter, limits, and the line that each row starts on.

The file must be UTF-8, with or without a byte order mark. Anything else is refused whole, in words that say
what the file is and what to do, before a single row is looked at.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 500_000
CELL_LENGTH_MAX = 4_000
COLUMNS_MAX = 500
DELIMITERS = (",", ";", "\t")

csv.field_size_limit(CELL_LENGTH_MAX)

SAVE_AS_UTF8 = "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8') and import it again."


class UnreadableFile(Exception):
    """The file as a whole cannot be imported; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one row; `line` is the line of the file, from 1, that the row starts on."""

    line: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """Whether no cell says anything."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """A file's headers, with runs of blanks and line breaks as one blank, and its rows, cells trimmed."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """Read a CSV file. Raises UnreadableFile for a file that is absent, too large or not a table."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > FILE_BYTES_MAX:
        raise UnreadableFile(f"{path} is larger than {FILE_BYTES_MAX // 1024 // 1024} MiB: split it.")
    return parse_table(decoded(content))


def decoded(content: bytes) -> str:
    """The text of UTF-8 bytes, without a byte order mark. Raises UnreadableFile for another encoding."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile(f"This file is UTF-16, not UTF-8. {SAVE_AS_UTF8}")
    if content.startswith(b"PK\x03\x04"):
        raise UnreadableFile(
            "This file is a spreadsheet or an archive, not CSV. Save the sheet as 'CSV UTF-8'."
        )
    if b"\0" in content:
        at = content.index(b"\0")
        # Text of European letters in UTF-16 is a zero byte, a letter, a zero byte, a letter, or the other way round.
        zeros = max(content[:400][start::2].count(0) for start in (0, 1))
        kind = "UTF-16 without a byte order mark" if zeros > len(content[:400]) // 4 else "not text"
        raise UnreadableFile(f"This file is {kind}: there is a zero byte at offset {at}. {SAVE_AS_UTF8}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(_not_utf8(content, error.start)) from error


def _not_utf8(content: bytes, at: int) -> str:
    byte = content[at : at + 1]
    line = content.count(b"\n", 0, at) + 1
    # Windows-1252 is what spreadsheets call "CSV" in Western Europe; it shows the byte as they would.
    letter = byte.decode("cp1252", errors="replace")
    start = max(content.rfind(b"\n", 0, at) + 1, at - 20)
    near = content[start : at + 12].split(b"\n")[0].decode("cp1252", errors="replace").strip()
    return (
        f"This file is not UTF-8: byte 0x{byte.hex().upper()} at offset {at} (line {line}, near {near!r}). "
        f"It looks like Latin-1 or Windows-1252, where that byte is {letter!r}. {SAVE_AS_UTF8}"
    )


def parse_table(text: str) -> Table:
    """The table in a text. Raises UnreadableFile when there is no header row or a limit is passed."""
    records = _records(text, _delimiter(text))
    named = (tuple(" ".join(cell.split()) for cell in cells) for _line, cells in records)
    headers = next((cells for cells in named if any(cells)), ())
    if not headers:
        raise UnreadableFile("This file is empty: there is no row of headers.")
    if len(headers) > COLUMNS_MAX:
        raise UnreadableFile(f"This file has {len(headers)} columns; at most {COLUMNS_MAX} can be read.")
    rows: list[Row] = []
    for line, cells in records:
        if cells:
            rows.append(Row(line, tuple(cell.strip() for cell in cells)))
        if len(rows) > ROWS_MAX:
            raise UnreadableFile(f"This file has more than {ROWS_MAX:,} rows: split it.")
    # Spreadsheets write empty rows after the last one that was ever touched; those in between are the file's own.
    while rows and rows[-1].blank:
        rows.pop()
    return Table(headers, tuple(rows))


def _records(text: str, delimiter: str, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on; a quoted cell may hold line breaks.

    Strict, for an unclosed quotation mark would otherwise swallow the rest of the file without a word.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFile(_broken(error, line)) from error
        yield line, cells


def _broken(error: csv.Error, line: int) -> str:
    if "field larger" in str(error):
        return (
            f"Line {line} has a cell of more than {CELL_LENGTH_MAX:,} characters; "
            "perhaps a quotation mark is not closed."
        )
    if "unexpected end" in str(error):
        return f"Line {line} opens a quotation mark that is never closed."
    return f"Line {line} is not CSV: {error}."


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first record into the most cells; a comma where none does."""

    def cells(delimiter: str) -> int:
        for _line, record in _records(text, delimiter, strict=False):
            if record:
                return len(record)
        return 0

    return max(DELIMITERS, key=cells)
