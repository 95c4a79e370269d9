"""The app's files: what is served and what is not, the stamp of the worker, caching, the shell and the words."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import brotli
import pytest
from babel.messages.pofile import PoFileError
from litestar.testing import TestClient

from backend.app import create_app
from backend.settings import Settings
from backend.web.assets import FIRST, PWA, SHELL, WORKER, asset_handlers, collect, shells
from backend.web.catalogue import compiled, key_of

FRENCH = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=n > 1;\\n"

#: pwa/worker/screens/home.js:1
msgid "Count {n}"
msgstr "Compter {n}"

#: pwa/worker/screens/home.js:2
msgid "{n} item"
msgid_plural "{n} items"
msgstr[0] "{n} article"
msgstr[1] "{n} articles"

#: backend/web/templates/sign_in.html:3
msgid "Only on the server"
msgstr "Seulement sur le serveur"

msgid "Not translated"
msgstr ""
"""


@pytest.fixture
def app_folder(tmp_path: Path) -> Path:
    """A small app of its own."""
    root = tmp_path / "pwa"
    for folder in ("worker", "page", "icons", "locale", "vendor"):
        (root / folder).mkdir(parents=True)
    (root / "worker.js").write_text("import { a } from './worker/a.js';\nself.a = a;\n")
    (root / "worker" / "a.js").write_text("import '../vendor/idb.js';\n\nexport const a = 1;\n")
    (root / "worker" / "types.d.ts").write_text("export {};\n")
    (root / "tsconfig.json").write_text("{}")
    (root / "page" / "keypad.js").write_text("self.keys = '" + "keys " * 200 + "';\n")
    (root / "icons" / "icon-512.png").write_bytes(b"\x89PNG")
    (root / "vendor" / "VENDOR.md").write_text("# Vendor\n")
    (root / "vendor" / "idb.js").write_text("export {};\n")
    (root / "locale" / "fr.po").write_text(FRENCH)
    (root / SHELL).write_text((PWA / SHELL).read_text())
    return root


def stamp(root: Path) -> dict[str, Any]:
    """What the worker is told about its build."""
    text = collect(root)[WORKER].content.decode()
    return json.JSONDecoder().raw_decode(text.removeprefix("self.BUILD="))[0]  # type: ignore[no-any-return]


@pytest.fixture
def client(tmp_path: Path, sqlite_url: str) -> Any:
    """The real application, with the real files."""
    settings = Settings(data=tmp_path, database_url=sqlite_url, secret_key="a key of the tests, long enough")
    app = create_app(settings)
    if not any(WORKER in getattr(route, "path", "") for route in app.routes):
        for handler in asset_handlers():
            app.register(handler)
    with TestClient(app) as client:
        yield client


def test_it_serves_each_file_at_its_path_and_nothing_else(app_folder: Path) -> None:
    assert sorted(collect(app_folder)) == [
        "/icons/icon-512.png",
        "/locale/fr.json",
        "/page/keypad.js",
        "/worker.js",
    ]


def test_it_follows_no_link_out_of_its_folder(app_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.js").write_text("secret")
    (app_folder / "page" / "link.js").symlink_to(tmp_path / "secret.js")
    assert "/page/link.js" not in collect(app_folder)


def test_the_stamp_names_the_kept_files_by_hash(app_folder: Path) -> None:
    files = stamp(app_folder)["files"]
    assert sorted(files) == ["/locale/fr.json", "/page/keypad.js"]
    content = (app_folder / "page" / "keypad.js").read_bytes().replace(b" = ", b"=").rstrip()
    assert files["/page/keypad.js"] == hashlib.sha256(content).hexdigest()[:16]
    worker = collect(app_folder)[WORKER].content.decode()
    assert worker.startswith("self.BUILD={")
    assert "const a=1;" in worker
    assert "import" not in worker


@pytest.mark.parametrize(
    "path", ["worker.js", "worker/a.js", "page/keypad.js", "vendor/idb.js", "locale/fr.po"]
)
def test_any_change_is_another_version(app_folder: Path, path: str) -> None:
    before = stamp(app_folder)["version"]
    assert stamp(app_folder)["version"] == before
    file = app_folder / path
    file.write_text(
        file.read_text().replace("Compter", "Dénombrer") + "\nself.changed = 1;\n" * (path[-2:] == "js")
    )
    assert stamp(app_folder)["version"] != before


def test_a_removed_file_is_another_version(app_folder: Path) -> None:
    before = stamp(app_folder)["version"]
    (app_folder / "page" / "keypad.js").unlink()
    assert stamp(app_folder)["version"] != before


def test_the_catalogue_becomes_json_for_the_worker(app_folder: Path) -> None:
    content = json.loads(compiled(app_folder / "locale")["fr"])
    assert content["messages"] == {
        key_of("Count {n}"): "Compter {n}",
        key_of("{n} item"): ["{n} article", "{n} articles"],
    }
    # As pwa/worker/i18n.js makes them, accents and what lies beyond 16 bits included (tests/js/router.test.js).
    assert [key_of(text) for text in ("", "Empty", "Compté’s 🩹")] == ["tntfp", "31imm", "q95rm"]
    assert (content["language"], content["dir"]) == ("fr", "ltr")
    assert content["plurals"][:4] == "0011"
    assert len(content["plurals"]) == 200


def test_a_language_written_from_right_to_left_says_so(app_folder: Path) -> None:
    text = FRENCH.replace("nplurals=2; plural=n > 1", "nplurals=2; plural=n != 1")
    (app_folder / "locale" / "he.po").write_text(text)
    content = json.loads(compiled(app_folder / "locale")["he"])
    assert (content["dir"], content["plurals"][:3]) == ("rtl", "101")


def test_a_broken_catalogue_stops_the_start(app_folder: Path) -> None:
    (app_folder / "locale" / "fr.po").write_text("this is no catalogue")
    with pytest.raises(PoFileError):
        collect(app_folder)


def test_the_real_app_is_whole() -> None:
    files = stamp(PWA)["files"]
    for path in (
        "/vendor/htmx.min.js",
        "/page/app.js",
        "/styles/shared.css",
        "/styles/screens.css",
        "/manifest.webmanifest",
        "/locale/fr.json",
        "/locale/fr-later.json",
    ):
        assert path in files
    assert not [path for path in files if path.startswith("/worker/")]
    assert set(shells(PWA)) >= {"en", "fr"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_first_load_keeps_its_budget(client: TestClient[Any], language: str) -> None:
    """Headers and bodies of all that is fetched until the first screen stands, as pwa/worker/precache.js does it."""
    asked = {"accept-encoding": "gzip, deflate, br, zstd", "accept-language": language}
    build = stamp(PWA)
    later = {path for path in build["later"] if path != f"/locale/{language}.json"} | {*build["demanded"]}
    wanted = ["/app", "/page/boot.js", FIRST, *(path for path in build["files"] if path not in later)]
    sent: dict[str, int] = {}
    for path in wanted:
        with client.stream("GET", path, headers=asked) as answer:
            assert answer.status_code == 200
            headers = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
            sent[path] = len("HTTP/1.1 200 OK\r\n\r\n") + headers + sum(map(len, answer.iter_raw()))
    assert len(sent) >= 10
    assert sum(sent.values()) <= 130 * 1024, sent


def test_nothing_that_was_written_is_forgotten() -> None:
    """Every style sheet and every script of the page is in one of the files that documents, or the finder, name."""
    documents = [PWA / SHELL, PWA / "worker" / "layout.js", PWA / "page" / "finder.js"]
    documents += Path("backend/web/templates").rglob("*.html")
    named = set(
        re.findall(
            r"""["']/((?:page|styles)/[\w-]+\.(?:js|css))["']""", "".join(map(Path.read_text, documents))
        )
    )
    served = {path[1:] for path in collect(PWA) if path.startswith(("/page/", "/styles/"))}
    assert served == named


def test_a_file_is_sent_packed_with_its_type_and_asked_for_again(client: TestClient[Any]) -> None:
    answer = client.get("/vendor/htmx.min.js", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.content == (PWA / "vendor" / "htmx.min.js").read_bytes()
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    tag = answer.headers["etag"]
    again = client.get("/vendor/htmx.min.js", headers={"if-none-match": f'W/"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_browser_without_gzip_gets_it_plain(client: TestClient[Any]) -> None:
    answer = client.get("/vendor/htmx.min.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.content == (PWA / "vendor" / "htmx.min.js").read_bytes()


def test_a_browser_that_takes_brotli_gets_the_smallest_form(client: TestClient[Any]) -> None:
    path = "/styles/shared.css"
    plain = client.get(path, headers={"accept-encoding": "identity"})
    with client.stream("GET", path, headers={"accept-encoding": "gzip;q=1.0, br;q=0.9"}) as answer:
        content = b"".join(answer.iter_raw())
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("br", "Accept-Encoding")
    assert brotli.decompress(content) == plain.content
    assert answer.headers["etag"] == plain.headers["etag"]
    packed = client.get(path, headers={"accept-encoding": "gzip"})
    assert len(content) < int(packed.headers["content-length"]) < len(plain.content)


def test_the_worker_may_have_the_whole_site(client: TestClient[Any]) -> None:
    answer = client.get(WORKER)
    assert answer.headers["service-worker-allowed"] == "/"
    assert "service-worker-allowed" not in client.get("/page/app.js").headers


@pytest.mark.parametrize(
    "path",
    [
        "/worker/router.js",
        "/vendor/idb.js",
        "/worker/types.d.ts",
        "/tsconfig.json",
        "/worker/tsconfig.json",
        "/shell.html",
        "/vendor/VENDOR.md",
        "/locale/fr.po",
        "/page/../worker.js/../../pyproject.toml",
        "/page/%2e%2e/%2e%2e/pyproject.toml",
        "/page/nudge.js%00",
        "/page",
    ],
)
def test_what_is_not_an_asset_is_not_found(client: TestClient[Any], path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/app", "/app/count", "/app/count/x/item/P1%2F2", "/app/../app"])
def test_every_work_address_answers_the_shell_until_the_worker_does(
    client: TestClient[Any], path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["x-bincard-shell"] == "1"
    assert "/page/boot.js" in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_shell_speaks_the_browsers_language(client: TestClient[Any]) -> None:
    french = client.get("/app", headers={"accept-language": "fr-CM,fr;q=0.9"})
    assert '<html lang="fr" dir="ltr">' in french.text
    assert '<html lang="en" dir="ltr">' in client.get("/app", headers={"accept-language": "de"}).text


def test_a_post_without_the_worker_is_refused(client: TestClient[Any]) -> None:
    assert client.post("/app/count", headers={"sec-fetch-site": "same-origin"}).status_code == 405


def test_the_packed_form_is_the_same_on_every_machine(app_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(app_folder, tmp_path / "copy")
    first, second = collect(app_folder), collect(tmp_path / "copy")
    assert first == second
    assert gzip.decompress(first["/page/keypad.js"].packed) == first["/page/keypad.js"].content
