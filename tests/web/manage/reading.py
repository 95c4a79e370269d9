"""Reads a managers' page as a person would: its figures, its rows, its doors."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

SPACES = re.compile(r"\s+")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.doors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.doors.append(target)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    """The words of a piece of HTML with single blanks."""
    reader = _Text()
    reader.feed(html)
    return SPACES.sub(" ", " ".join(reader.parts)).strip()


def doors(html: str) -> list[str]:
    """Where the links of a page lead inside /manage, without what follows a `#`."""
    reader = _Text()
    reader.feed(html)
    return list(dict.fromkeys(door.partition("#")[0] for door in reader.doors if door.startswith("/manage")))


def figures(html: str) -> dict[str, tuple[int, str]]:
    """The large figures of a page by their words: the number, and the list behind it."""
    found = re.findall(
        r'<a class="figure[^"]*" href="([^"]*)"><span class="figure-words">([^<]*)</span> '
        r'<span class="figure-number"[^>]*>([^<]*)</span>',
        html,
    )
    return {words: (int(number), unescape(door)) for door, words, number in found}


def rows(html: str, of: str = "") -> list[str]:
    """The rows of the lists, each as its words; only those `of` a kind (their ids begin with it) if given."""
    return [text_of(row) for row in re.findall(rf'<li [^>]*id="{of}[^"]*"[^>]*>.*?</li>', html, re.DOTALL)]


def legend(html: str) -> dict[str, tuple[int, str]]:
    """The numbers beside the first stacked bar by their words, and the list behind each."""
    block = re.search(r'<ul class="legend">(.*?)</ul>', html, re.DOTALL)
    assert block is not None
    found: dict[str, tuple[int, str]] = {}
    for item in re.findall(r"<li>.*?</li>", block[1], re.DOTALL):
        number, _, words = text_of(item).partition(" ")
        found[words] = int(number), doors(item)[0]
    return found
