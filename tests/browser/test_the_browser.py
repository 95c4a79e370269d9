"""The browser of the tests does what the tests believe: it keeps what was stored over a kill, and sees faults."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.browser import PHONE, Chromium, serious

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>A page with faults</title><p><img src=/none.png><p style="color:red">red</p>
<script src=/fault.js></script>"""


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        script = self.path == "/fault.js"
        self.send_response(404 if self.path == "/none.png" else 200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(b"console.error('told'); throw new Error('thrown')" if script else PAGE)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def faulty_site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_faults_are_seen(chromium: Callable[..., Chromium], faulty_site: str) -> None:
    browser = chromium(PHONE)
    page = browser.page(faulty_site)
    assert page.evaluate("[innerWidth, innerHeight]") == [PHONE.width, PHONE.height]
    assert any("told" in error for error in browser.own_errors())
    assert any("thrown" in error for error in browser.own_errors())
    assert any("inline style" in error for error in browser.own_errors())
    assert any("404" in error for error in browser.own_errors())
    assert any("image-alt (critical)" in line for line in serious(page))


def test_a_killed_browser_keeps_what_was_durable(chromium: Callable[..., Chromium], faulty_site: str) -> None:
    browser = chromium(PHONE)
    browser.page(faulty_site).evaluate(
        """() => new Promise((done, failed) => {
            const open = indexedDB.open("kept", 1)
            open.onupgradeneeded = () => open.result.createObjectStore("things")
            open.onsuccess = () => {
                const writing = open.result.transaction("things", "readwrite", {durability: "strict"})
                writing.objectStore("things").put("there", "it")
                writing.oncomplete = () => done(true)
                writing.onerror = () => failed(writing.error)
            }
        })"""
    )
    browser.kill()
    browser.start()
    found = browser.page(faulty_site).evaluate(
        """() => new Promise((done) => {
            const open = indexedDB.open("kept", 1)
            open.onsuccess = () => {
                const reading = open.result.transaction("things").objectStore("things").get("it")
                reading.onsuccess = () => done(reading.result)
            }
        })"""
    )
    assert found == "there"
