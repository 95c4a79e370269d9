"""The installable app's files, at their path below pwa/: read once at start, stamped, hashed, compressed.

`/worker.js` is the worker's modules linked into one script (linker.py) behind a stamp of everything the app
is made of, so that any change anywhere is a new worker, and the worker knows which files to fetch anew.
`/app/...` answers the shell that installs the worker; from then on the worker answers there. Only files found
at start are served: no request names a file on the disk.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from babel import Locale
from jinja2 import Environment, StrictUndefined
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from backend.web import catalogue
from backend.web.language import catalogues
from backend.web.linker import link
from backend.web.pages import language_of

PWA = Path(__file__).resolve().parents[2] / "pwa"
WORKER = "/worker.js"
SHELL = "shell.html"

_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
    ".wasm": "application/wasm",
}
_NOT_SERVED = frozenset({"tsconfig.json"})
_COMPRESS_FROM = 400
_HASH_LENGTH = 16

# The worker's own modules are inside /worker.js.
_LINKED = ("worker/", "vendor/idb.js", "worker.js")
# Asked for by the browser itself, and only while the app is installed, or before the worker is there.
_NOT_KEPT = ("/icons/icon-", "/page/boot.js")
# The decoder is a worker of its own, and WebAssembly runs nowhere else.
DECODER = "/page/decoder.js"
# Large, and only for a camera on some devices: kept from when they were first asked for.
_ON_DEMAND = (DECODER, "/vendor/zxing_reader.")
DECODER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

_HEADERS = {WORKER: {"Service-Worker-Allowed": "/"}, DECODER: {"Content-Security-Policy": DECODER_POLICY}}


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
            packed = gzip.compress(content, 9, mtime=0)
        return cls(content, packed, media_type, hashlib.sha256(content).hexdigest()[:_HASH_LENGTH])

    @property
    def wire_bytes(self) -> int:
        """Bytes of the body for a browser that takes gzip."""
        return len(self.packed or self.content)


def collect(root: Path) -> dict[str, Asset]:
    """Every file that is served, by URL path; the worker linked and stamped, the catalogues compiled."""
    assets = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        media_type, place = _TYPES.get(path.suffix), path.relative_to(root).as_posix()
        if media_type is not None and path.name not in _NOT_SERVED and not place.startswith(_LINKED):
            assets[f"/{place}"] = Asset.of(path.read_bytes(), media_type)
    for language, content in catalogue.compiled(root / "locale").items():
        assets[f"/locale/{language}.json"] = Asset.of(content, _TYPES[".json"])
    assets[WORKER] = _stamped(
        assets, link(WORKER[1:], lambda path: (root / path).read_text(encoding="utf-8"))
    )
    return assets


def _stamped(assets: Mapping[str, Asset], worker: str) -> Asset:
    """The worker with its build in front: a version of everything, and the hash of each file that it keeps."""
    hashes = {path: asset.digest for path, asset in sorted(assets.items())}
    version = hashlib.sha256((worker + json.dumps(hashes)).encode()).hexdigest()[:_HASH_LENGTH]
    kept = {path: digest for path, digest in hashes.items() if not path.startswith(_NOT_KEPT)}
    demanded = [path for path in kept if path.startswith(_ON_DEMAND)]
    build = json.dumps({"version": version, "files": kept, "demanded": demanded}, separators=(",", ":"))
    return Asset.of(f"self.BUILD={build};\n{worker}".encode(), _TYPES[".js"])


def shells(root: Path) -> dict[str, Asset]:
    """The shell by language, rendered once."""
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string((root / SHELL).read_text(encoding="utf-8"))
    return {
        language: Asset.of(
            template.render(
                _=words.gettext, language=language, direction=Locale.parse(language).text_direction
            ).encode(),
            "text/html",
        )
        for language, words in catalogues().items()
    }


def answer(request: Request[Any, Any, Any], asset: Asset, headers: Mapping[str, str]) -> Response[bytes]:
    """The file, or 304 where the browser has it; always asked for again, so that an update is seen at once."""
    tag = f'W/"{asset.digest}"'
    sent = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **headers}
    if tag in (part.strip() for part in request.headers.get("if-none-match", "").split(",")):
        return Response(b"", status_code=304, headers=sent)
    content = asset.content
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        content = asset.packed
        sent["Content-Encoding"] = "gzip"
    return Response(content, headers=sent, media_type=asset.media_type)


def build_of(worker: Asset) -> str:
    """The version of the app that a worker is stamped with, which a device tells when it runs it."""
    stamp = worker.content.partition(b";\n")[0].partition(b"=")[2]
    version = json.loads(stamp)["version"]
    assert isinstance(version, str)
    return version


def asset_handlers(root: Path = PWA) -> list[ControllerRouterHandler]:
    """The routes of every file and of the shell. Raises OSError, PoFileError or CannotLink if the app is not whole."""
    return app_routes(root)[0]


def app_routes(root: Path = PWA) -> tuple[list[ControllerRouterHandler], str]:
    """The routes of the app as asset_handlers gives them, and the version of the app that they serve."""
    assets, welcome = collect(root), shells(root)

    @get(sorted(assets), include_in_schema=False)
    async def file(request: Request[Any, Any, Any]) -> Response[bytes]:
        path = request.scope["path"]
        return answer(request, assets[path], _HEADERS.get(path, {}))

    @get(["/app", "/app/{rest:path}"], include_in_schema=False)
    async def shell(request: Request[Any, Any, Any]) -> Response[bytes]:
        headers = {"Vary": "Accept-Encoding, Accept-Language, Cookie", "X-Bincard-Shell": "1"}
        return answer(request, welcome[language_of(request)], headers)

    return [file, shell], build_of(assets[WORKER])
