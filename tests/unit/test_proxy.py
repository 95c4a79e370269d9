"""The proxy of the tests does what the tests believe: else they would prove nothing."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.proxy import Proxy


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str] = []  # noqa: RUF012  one server a test, emptied by the fixture

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(body.decode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def proxy(proxy_to: Callable[[int], Proxy]) -> Iterator[Proxy]:
    _Answering.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield proxy_to(server.server_address[1])
    server.shutdown()
    server.server_close()


def post(connection: http.client.HTTPConnection, text: str) -> str:
    connection.request("POST", "/sync/push", body=text)
    return connection.getresponse().read().decode()


def connect(proxy: Proxy) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)


def test_it_forwards_both_ways_on_one_connection(proxy: Proxy) -> None:
    connection = connect(proxy)
    assert [post(connection, "one"), post(connection, "two" * 100_000)] == ["one", "two" * 100_000]
    connection.close()


def test_a_cut_resets_what_is_open_and_what_comes(proxy: Proxy) -> None:
    connection = connect(proxy)
    assert post(connection, "one") == "one"
    proxy.cut()
    with pytest.raises((OSError, http.client.HTTPException)):
        post(connection, "two")
    with pytest.raises((OSError, http.client.HTTPException)):
        post(connect(proxy), "three")
    proxy.heal()
    assert post(connect(proxy), "four") == "four"
    assert _Answering.seen == ["one", "four"]


def test_a_dropped_answer_was_seen_by_the_server_and_not_by_the_client(proxy: Proxy) -> None:
    connection = connect(proxy)
    assert post(connection, "one") == "one"
    dropped = proxy.drop_next_answer()
    with pytest.raises((OSError, http.client.HTTPException)):
        post(connection, "two")
    assert dropped.wait(5)
    assert post(connect(proxy), "three") == "three"
    assert _Answering.seen == ["one", "two", "three"]


def test_a_dropped_request_is_never_seen_by_the_server(proxy: Proxy) -> None:
    dropped = proxy.drop_next_request()
    with pytest.raises((OSError, http.client.HTTPException)):
        post(connect(proxy), "one")
    assert dropped.wait(5)
    assert post(connect(proxy), "two") == "two"
    assert _Answering.seen == ["two"]


def test_a_delay_holds_answers_back(proxy: Proxy) -> None:
    proxy.delay(300)
    start = time.monotonic()
    assert post(connect(proxy), "one") == "one"
    assert time.monotonic() - start >= 0.3


def test_what_is_refused_never_comes_through_until_healed(proxy: Proxy) -> None:
    proxy.refuse("POST /sync/push")
    for _ in range(2):
        with pytest.raises((OSError, http.client.HTTPException)):
            post(connect(proxy), "one")
    proxy.heal()
    assert post(connect(proxy), "two") == "two"
    assert _Answering.seen == ["two"]
