"""Every exception has words and answers to choose from, on the server and, by the same list, on the tablet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markupsafe import Markup

from backend.web.language import catalogues
from backend.web.pages import environment
from sync import conflicts
from sync.decisions import options

ROOT = Path(__file__).parents[2]
ACTIONS = json.loads((ROOT / "tests/vectors/exceptions/actions.json").read_text())
WITHOUT_A_LINE = {"not_reversible", "decision_void"}
"""Raised by the server, whether or not the protocol's table has come to them."""


def told(macro: str, language: str, *args: object) -> str:
    """What a macro of the managers' words says in a language."""
    catalogue = catalogues()[language]

    def gettext(msgid: str, **values: object) -> Markup:
        text = Markup.escape(catalogue.gettext(msgid))
        return text.format(**values) if values else text

    module = environment.get_template("manage/problem_words.html").make_module({"_": gettext})
    return str(getattr(module, macro)(*args)).strip()


def codes_of_the_protocol() -> set[str]:
    """The first column of its table of exceptions."""
    text = (ROOT / "sync/PROTOCOL.md").read_text()
    rows = re.findall(
        r"^\| (`[^|]*) \|", text[text.index("## Exceptions") : text.index("## Pull")], re.MULTILINE
    )
    return {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}


def codes_of_the_sources() -> set[str]:
    """What the server's own code raises: every literal of a Flag or a Finding."""
    found: set[str] = set()
    for path in [*(ROOT / "sync").glob("*.py"), *(ROOT / "backend/services").glob("*.py")]:
        found |= set(re.findall(r'\b(?:Flag|Finding)\(\s*"([a-z_]+)"', path.read_text()))
    return found


def test_the_list_is_whole() -> None:
    assert len(codes_of_the_protocol()) >= 23
    assert {"negative_stock", "not_reversible", "decision_void"} <= codes_of_the_sources()
    assert set(ACTIONS) == codes_of_the_protocol() | codes_of_the_sources() | WITHOUT_A_LINE
    assert set(ACTIONS) >= conflicts.HELD | conflicts.OF_THE_FACT


@pytest.mark.parametrize("code", sorted(ACTIONS))
def test_a_code_has_answers_and_words_in_both_languages(code: str) -> None:
    assert list(options(code)) == ACTIONS[code]
    for macro in ("named", "advised"):
        english, french = told(macro, "en", code), told(macro, "fr", code)
        assert code not in english
        assert english != told(macro, "en", "a code that nobody knows")
        assert french != english
    for action in ACTIONS[code]:
        assert told("choice", "fr", code, action) != told("choice", "en", code, action)


def test_what_is_held_is_called_so() -> None:
    module = environment.get_template("manage/problem_words.html").make_module({"_": str})
    assert set(module.held) == conflicts.HELD  # type: ignore[attr-defined]
