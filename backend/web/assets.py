"""The installable app's files, at their path below pwa/: read once at start, made smaller, stamped, hashed.

`/worker.js` is the worker's modules linked into one script (linker.py) behind a stamp of everything the app
is made of, so that any change anywhere is a new worker, and the worker knows which files to fetch anew; `/first.js` is
those of them that a first visit needs (docs/decisions/0023). So are the
page's scripts one script, and the style sheets two: on a slow line each file costs its headers and its round trip.
What is only a part of another file is not served. What came from elsewhere (vendor/) is sent as it came.
`/app/...` answers the shell that installs the worker; from then on the worker answers there. Only files found
at start are served: no request names a file on the disk.
"""

from __future__ import annotations

import hashlib
import json
from asyncio import to_thread
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel import Locale
from jinja2 import Environment, StrictUndefined
from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from backend.web import catalogue, minifier, styles
from backend.web.asset import HASH_LENGTH, Asset, answer
from backend.web.language import catalogues
from backend.web.linker import link, modules
from backend.web.pages import language_of

PWA = Path(__file__).resolve().parents[2] / "pwa"
WORKER = "/worker.js"
FIRST = "/first.js"
"""The worker of a first visit: a part of the other."""
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
_AS_IT_CAME = "vendor/"

# The worker's own modules are inside /worker.js, those of the page inside one script as well.
_LINKED = ("worker/", "vendor/idb.js", "worker.js", "first.js")
_SCRIPTS = "page/app.js"
# Asked for by the browser itself, and only while the app is installed, or before the worker is there.
_NOT_KEPT = ("/icons/icon-", "/page/boot.js")
# The decoder is a worker of its own, and WebAssembly runs nowhere else.
DECODER = "/page/decoder.js"
# Large, and only for a camera on some devices: kept from when they were first asked for.
_ON_DEMAND = (DECODER, "/vendor/zxing_reader.")
DECODER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

_HEADERS = {
    WORKER: {"Service-Worker-Allowed": "/"},
    FIRST: {"Service-Worker-Allowed": "/"},
    DECODER: {"Content-Security-Policy": DECODER_POLICY},
}
# Not needed for a first screen: managers' pages, other languages, words of other screens. The worker fetches them
# when it is at rest.
_LATER = ("/page/live.js", "/styles/manage.css", "/locale/")


def collect(root: Path) -> dict[str, Asset]:
    """Every file that is served, by URL path; scripts linked, sheets joined, the worker stamped, words compiled."""

    def read(path: str) -> str:
        return (root / path).read_text(encoding="utf-8")

    assets, inside = {}, _parts(root)
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        media_type, place = _TYPES.get(path.suffix), path.relative_to(root).as_posix()
        if media_type is None or path.name in _NOT_SERVED or place.startswith(_LINKED) or place in inside:
            continue
        content = path.read_bytes()
        if place == _SCRIPTS:
            content = minifier.smaller(link(place, read)).encode()
        elif path.suffix == ".js" and not place.startswith(_AS_IT_CAME):
            content = minifier.smaller(read(place)).encode()
        elif path.suffix == ".css":
            content = styles.smaller(styles.joined(place, read)).encode()
        assets[f"/{place}"] = Asset.of(content, media_type)
    for name, words in catalogue.compiled(root / "locale").items():
        assets[f"/locale/{name}.json"] = Asset.of(words, _TYPES[".json"])
    linked = {
        entry: minifier.smaller(link(entry[1:], read))
        for entry in (WORKER, FIRST)
        if (root / entry[1:]).exists()
    }
    return assets | _stamped(assets, linked)


def _parts(root: Path) -> set[str]:
    """The files that are sent only as a part of another."""

    def read(path: str) -> str:
        return (root / path).read_text(encoding="utf-8")

    inside = set(modules(_SCRIPTS, read)) - {_SCRIPTS} if (root / _SCRIPTS).exists() else set()
    for path in root.glob("styles/*.css"):
        inside |= styles.parts(path.relative_to(root).as_posix(), read)
    return inside


def _stamped(assets: Mapping[str, Asset], workers: Mapping[str, str]) -> dict[str, Asset]:
    """The workers with their build in front: a version of everything, and the hash of each file that they keep."""
    hashes = {path: asset.digest for path, asset in sorted(assets.items())}
    version = hashlib.sha256(("".join(workers.values()) + json.dumps(hashes)).encode()).hexdigest()[
        :HASH_LENGTH
    ]
    kept = {path: digest for path, digest in hashes.items() if not path.startswith(_NOT_KEPT)}
    demanded = [path for path in kept if path.startswith(_ON_DEMAND)]
    later = [path for path in kept if path.startswith(_LATER)]
    told = {"version": version, "files": kept, "later": later, "demanded": demanded}
    build = json.dumps(told, separators=(",", ":"))
    return {
        path: Asset.of(f"self.BUILD={build};\n{script}".encode(), _TYPES[".js"])
        for path, script in workers.items()
    }


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


def build_of(worker: Asset) -> str:
    """The version of the app that a worker is stamped with, which a device tells when it runs it."""
    stamp = worker.content.partition(b";\n")[0].partition(b"=")[2]
    version = json.loads(stamp)["version"]
    assert isinstance(version, str)
    return version


def asset_handlers(root: Path = PWA) -> list[ControllerRouterHandler]:
    """The routes of every file and of the shell.

    Raises OSError, PoFileError, CannotLink or CannotMinify if the app is not whole.
    """
    return app_routes(root)[0]


def app_routes(root: Path = PWA) -> tuple[list[ControllerRouterHandler], str]:
    """The routes of the app as asset_handlers gives them, and the version of the app that they serve."""
    assets, welcome = collect(root), shells(root)

    @get(sorted(assets), include_in_schema=False)
    async def file(request: Request[Any, Any, Any]) -> Response[bytes]:
        path = request.scope["path"]
        # In a thread: the first to ask makes it compressed, and all others would wait.
        return await to_thread(answer, request, assets[path], _HEADERS.get(path, {}))

    @get(["/app", "/app/{rest:path}"], include_in_schema=False)
    async def shell(request: Request[Any, Any, Any]) -> Response[bytes]:
        headers = {"Vary": "Accept-Encoding, Accept-Language, Cookie", "X-Bincard-Shell": "1"}
        return await to_thread(answer, request, welcome[language_of(request)], headers)

    return [file, shell], build_of(assets[WORKER])
