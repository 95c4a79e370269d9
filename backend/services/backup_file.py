"""The file of a backup: gzipped JSON lines that `zcat` shows, sealed by a checksum of every byte.

The first line is the header. Then come the rows of each table, in the order of the header and a JSON array a
row. The seal is a gzip member of its own with one line: the SHA-256 of all bytes of the file before it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from backend.problems import Problem

FORMAT = 1
CHUNK_ROWS = 1_000
_HEADER_BYTES_MAX = 1 << 20
# Level 1 is four times as fast as the default and a tenth larger.
_COMPRESSION = 1
_BLOCK_BYTES = 1 << 20
_GZIP_START = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

Row = tuple[Any, ...]


class TableHeader(msgspec.Struct, frozen=True):
    """A table of the file: its columns in the order of the rows, and how many rows follow."""

    name: str
    columns: tuple[str, ...]
    rows: int


class Header(msgspec.Struct, frozen=True):
    """What is in the file: `revision` is the schema's, `created_at` ISO 8601, `database` sqlite or postgresql."""

    bincard_backup: int
    program: str
    revision: str
    database: str
    created_at: str
    tables: tuple[TableHeader, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables together."""
        return sum(table.rows for table in self.tables)


class _Format(msgspec.Struct):
    bincard_backup: int


_ENCODER = msgspec.json.Encoder()
_ROWS = msgspec.json.Decoder(Row)


def header_line(header: Header) -> bytes:
    """The first line."""
    return _ENCODER.encode(header) + b"\n"


def row_lines(rows: list[Row]) -> bytes:
    """A line for each row."""
    return _ENCODER.encode_lines(rows)


def write(path: Path, lines: Iterable[bytes]) -> int:
    """Write a whole file of mode 0600, durable when this returns: its size in bytes.

    It has another name until it is complete, and never takes the place of a file that is there (FileExistsError).
    """
    if os.path.lexists(path):
        raise FileExistsError(17, "There is a file of this name already", str(path))
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _write_sealed(file, lines)
            file.flush()
            os.fsync(descriptor)
            size = file.tell()
        _publish(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size


def _publish(draft: Path, path: Path) -> None:
    try:
        # Unlike a rename, a link does not replace what somebody made meanwhile.
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # A memory stick's file system knows no links.
        if os.path.lexists(path):
            raise FileExistsError(17, "There is a file of this name already", str(path)) from None
        draft.rename(path)


class _Summed:
    """Passes bytes on to a file and sums them up."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sum = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sum.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _write_sealed(file: BinaryIO, lines: Iterable[bytes]) -> None:
    summed = _Summed(file)
    with GzipFile("", "wb", _COMPRESSION, summed, mtime=0) as zipped:
        for chunk in lines:
            zipped.write(chunk)
    file.write(_seal(summed.sum.digest()))


def _seal(digest: bytes) -> bytes:
    # Stored, not compressed, so that the same digest makes the same bytes with every zlib: all can be compared.
    line = _ENCODER.encode({"sha256": digest.hex()}) + b"\n"
    stored = b"\x01" + struct.pack("<HH", len(line), len(line) ^ 0xFFFF) + line
    return _GZIP_START + stored + struct.pack("<II", zlib.crc32(line), len(line))


_SEAL_BYTES = len(_seal(bytes(32)))


class BackupFile:
    """A file that is whole, to the bit, and of a format that this program reads."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Raises Problem for a file that is anything else."""
        whole = _is_whole(file)
        file.seek(0)
        self._lines = GzipFile(fileobj=file, mode="rb")
        self.header = _header(self._lines, name, whole=whole)
        if not whole:
            raise Problem(
                400, "damaged_backup", f"{name} is damaged or cut short: its bytes do not match its checksum."
            )

    def rows(self, table: TableHeader) -> Iterator[list[Row]]:
        """The rows of the next table, in chunks. The tables must be asked for in the order of the header.

        Raises Problem where there are fewer, or something else.
        """
        for start in range(0, table.rows, CHUNK_ROWS):
            wanted = min(CHUNK_ROWS, table.rows - start)
            try:
                rows = _ROWS.decode_lines(b"".join(islice(self._lines, wanted)))
            except msgspec.MsgspecError:
                rows = []
            if len(rows) != wanted:
                raise Problem(
                    400, "not_a_backup", f"The rows of {table.name} in the backup are not those it tells of."
                )
            yield rows


@contextmanager
def opened(path: Path) -> Iterator[BackupFile]:
    """A checked file, open for as long as the block lasts. Raises OSError, or Problem for what is no whole backup."""
    with path.open("rb") as file:
        yield BackupFile(file, str(path))


def _is_whole(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END) - _SEAL_BYTES
    file.seek(0)
    left, summed = size, hashlib.sha256()
    while left > 0:
        block = file.read(min(left, _BLOCK_BYTES))
        summed.update(block)
        left -= len(block)
    return size > 0 and file.read() == _seal(summed.digest())


def _header(lines: GzipFile, name: str, *, whole: bool) -> Header:
    try:
        line = lines.readline(_HEADER_BYTES_MAX)
        version = msgspec.json.decode(line, type=_Format).bincard_backup
        if not whole or version <= FORMAT:
            return msgspec.json.decode(line, type=Header)
    except (BadGzipFile, zlib.error, EOFError, msgspec.MsgspecError, UnicodeDecodeError):
        raise Problem(
            400,
            "not_a_backup",
            f"{name} is not a backup made by `bincard backup`, or is damaged at its start.",
        ) from None
    raise Problem(
        400,
        "later_backup",
        f"{name} was written by a later release (format {version}); restore it with that one.",
    )
