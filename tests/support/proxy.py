"""A small TCP proxy between a client and the server, to cut, delay and lose what goes through it.

It works below everything in the browser, a service worker included, and knows nothing of TLS.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

R = TypeVar("R")
CHUNK_BYTES = 64 * 1024


@dataclass(eq=False)
class _Line:
    """One connection through the proxy, both its ends."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    # Set once a request whose answer is to be lost has gone through.
    lose_answer: bool = False

    def abort(self) -> None:
        for end in (self.client, self.server):
            if end is not None:
                end.transport.abort()


@dataclass(eq=False)
class _Plan:
    """What to do with the next request whose bytes contain `pattern`."""

    pattern: bytes
    answer: bool
    done: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Forwards 127.0.0.1:`port` to 127.0.0.1:`target`. Every method may be called from the test's thread."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._cut = False
        self._delay_s = 0.0
        self._lines: set[_Line] = set()
        self._plans: list[_Plan] = []
        self._refused: bytes | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._listener = self._do(self._listen())

    @property
    def url(self) -> str:
        """Where clients go."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Reset every connection, and each new one from now on."""
        self._do(self._set_cut(True))

    def heal(self) -> None:
        """Let everything through again, without delay."""
        self._delay_s = 0.0
        self._refused = None
        self._do(self._set_cut(False))

    def delay(self, ms: int) -> None:
        """Hold back each piece of an answer for so long, from the next piece on."""
        self._delay_s = ms / 1000

    def refuse(self, pattern: str) -> None:
        """Reset the connection of every request with this text, until heal()."""
        self._refused = pattern.encode()

    def drop_next_answer(self, pattern: str = "POST /sync/push") -> threading.Event:
        """Let the next request with this text through, wait until the server answers, then reset the connection.

        The answer is not delivered. What is returned is set when that has happened.
        """
        return self._plan(pattern, answer=True)

    def drop_next_request(self, pattern: str = "POST /sync/push") -> threading.Event:
        """Reset the connection of the next request with this text before the server sees any of it."""
        return self._plan(pattern, answer=False)

    def close(self) -> None:
        """Stop listening, reset what is open, end the thread."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _plan(self, pattern: str, *, answer: bool) -> threading.Event:
        plan = _Plan(pattern.encode(), answer)
        self._call(lambda: self._plans.append(plan))
        return plan.done

    def _do(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _call(self, work: Callable[[], None]) -> None:
        async def job() -> None:
            work()

        self._do(job())

    async def _listen(self) -> asyncio.Server:
        listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = listener.sockets[0].getsockname()[1]
        return listener

    async def _set_cut(self, cut: bool) -> None:
        self._cut = cut
        if cut:
            for line in self._lines:
                line.abort()

    async def _end(self) -> None:
        self._listener.close()
        await self._set_cut(True)
        while self._lines:
            await asyncio.sleep(0.01)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The port stays taken while the line is cut, so that no other program of this machine gets it.
        line = _Line(writer)
        if self._cut:
            line.abort()
            return
        self._lines.add(line)
        try:
            answers, line.server = await asyncio.open_connection("127.0.0.1", self.target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._requests(line, reader))
                both.create_task(self._answers(line, answers))
        except (OSError, ExceptionGroup):
            pass
        finally:
            line.abort()
            self._lines.discard(line)

    async def _requests(self, line: _Line, reader: asyncio.StreamReader) -> None:
        assert line.server is not None
        while data := await reader.read(CHUNK_BYTES):
            if self._refused is not None and self._refused in data:
                line.abort()
                return
            plan = next((plan for plan in self._plans if plan.pattern in data), None)
            if plan is not None:
                if not plan.answer:
                    self._plans.remove(plan)
                    line.abort()
                    plan.done.set()
                    return
                line.lose_answer = True
            line.server.write(data)
            await line.server.drain()
        if line.server.can_write_eof():
            line.server.write_eof()

    async def _answers(self, line: _Line, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if line.lose_answer:
                plan = next((plan for plan in self._plans if plan.answer), None)
                if plan is not None:
                    self._plans.remove(plan)
                line.abort()
                if plan is not None:
                    plan.done.set()
                return
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            line.client.write(data)
            await line.client.drain()
        # The server has closed: so does the proxy, for a client that goes on sending would wait for ever.
        line.abort()
