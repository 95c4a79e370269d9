"""One file as it is sent: hashed and compressed once, and again asked for only where it has changed."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import brotli
from litestar import Request, Response

HASH_LENGTH = 16
_COMPRESS_FROM = 400
# One step below the strongest: a third of its time for two hundredths more bytes.
_BROTLI = 11


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: `packed` is gzip, or empty where that saves nothing."""

    content: bytes
    packed: bytes
    media_type: str
    digest: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> Asset:
        """Hash and compress once."""
        packed = b""
        if len(content) >= _COMPRESS_FROM and not media_type.startswith("image/png"):
            packed = _gzip(content)
        return cls(content, packed, media_type, hashlib.sha256(content).hexdigest()[:HASH_LENGTH])

    @property
    def smallest(self) -> bytes:
        """Brotli, where compressing saves something. Slow when first asked: a third of a second for the worker."""
        return _brotli(self.content) if self.packed else b""

    @property
    def wire_bytes(self) -> int:
        """Bytes of the body for a browser that can install the app: those take brotli, being on https or this host."""
        return len(self.smallest or self.content)


@lru_cache(maxsize=256)
def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)


@lru_cache(maxsize=256)
def _brotli(content: bytes) -> bytes:
    packed: bytes = brotli.compress(content, quality=_BROTLI)
    return packed


def answer(request: Request[Any, Any, Any], asset: Asset, headers: Mapping[str, str]) -> Response[bytes]:
    """The file, or 304 where the browser has it; always asked for again, so that an update is seen at once."""
    tag = f'W/"{asset.digest}"'
    sent = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **headers}
    if tag in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
        return Response(b"", status_code=304, headers=sent)
    takes = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    content = asset.content
    if asset.packed and "br" in takes:
        content, sent["Content-Encoding"] = asset.smallest, "br"
    elif asset.packed and "gzip" in takes:
        content, sent["Content-Encoding"] = asset.packed, "gzip"
    return Response(content, headers=sent, media_type=asset.media_type)
