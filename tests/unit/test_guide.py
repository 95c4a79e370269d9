"""The nurse's guide: every screen that the tour takes a picture of is in it, and its words are on the screens."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.pofile import read_po

from tests.browser.test_every_screen import PICTURED

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/nurse-guide.md").read_text(encoding="utf-8")


def test_every_pictured_screen_of_the_app_is_in_the_guide() -> None:
    shown = set(re.findall(r"!\[[^]]+\]\(images/([a-z-]+)-phone\.png\)", GUIDE))
    taken = {name for route, name in PICTURED.items() if route.startswith("/app")}
    assert taken - shown == set()


def test_every_picture_of_the_guide_was_taken_of_both_screens() -> None:
    names = set(re.findall(r"\(images/([a-z-]+)-phone\.png\)", GUIDE))
    assert len(names) > 20
    there = {path.name for path in (ROOT / "docs/images").iterdir()}
    assert {f"{name}-{device}.png" for name in names for device in ("phone", "tablet")} <= there


def test_words_in_bold_are_words_of_the_screens() -> None:
    with (ROOT / "pwa/locale/fr.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    words = {
        re.sub(r"\s*\{\w+\}", "", one)
        for message in catalogue
        if message.id and any(str(place).startswith("pwa/") for place, _ in message.locations)
        for one in (message.id if isinstance(message.id, tuple) else (message.id,))
    }
    bold = set(re.findall(r"\*\*([^*]+)\*\*", GUIDE)) - {"bold"}
    assert len(bold) > 30
    assert bold - words == set()
