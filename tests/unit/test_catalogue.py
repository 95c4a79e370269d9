"""Every word that people see is in the catalogue, translated, with the same placeholders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from backend.web import catalogue
from backend.web.worker_words import extract, not_literal

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "pwa" / "locale"
LANGUAGES = ("fr",)
PLACEHOLDER = re.compile(r"\{(\w+)\}|%\((\w+)\)s")

Id = str | tuple[str, ...]


@cache
def words() -> dict[Id, set[str]]:
    """Every message of the code, with the files it is in."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[Id, set[str]] = {}
    for name, _line, message, _comments, _context in extract_from_dir(str(ROOT), methods, options):
        if message:
            found.setdefault(message, set()).add(name)
    return found


@cache
def translations(language: str) -> Catalog:
    with (LOCALE / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def placeholders(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for pair in PLACEHOLDER.findall(text) for name in pair if name}


def worker_sources() -> Iterator[Path]:
    return (ROOT / "pwa" / "worker").rglob("*.js")


def test_the_words_of_every_place_are_found() -> None:
    places = {place for names in words().values() for place in names}
    assert any(place.startswith("pwa/worker/screens/count") for place in places)
    assert any(place.startswith("backend/web/templates/") for place in places)
    assert "pwa/shell.html" in places


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    translated = translations(language)
    missing = []
    for message, names in words().items():
        entry = translated.get(forms(message)[0])
        strings = forms(entry.string) if entry and not entry.fuzzy else ()
        if len(strings) < len(forms(message)) or not all(strings):
            missing.append(f"{forms(message)[0]!r} in {', '.join(sorted(names))}")
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_the_same(language: str) -> None:
    wrong = [
        entry.id
        for entry in translations(language)
        if entry.id
        and all(forms(entry.string))
        and placeholders(forms(entry.string)) != placeholders(forms(entry.id))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_kept_that_the_code_does_not_say(language: str) -> None:
    known = {forms(message)[0] for message in words()}
    assert [
        entry.id for entry in translations(language) if entry.id and forms(entry.id)[0] not in known
    ] == []


def test_the_worker_says_nothing_that_extraction_cannot_see() -> None:
    unseen = {path.name: calls for path in worker_sources() if (calls := not_literal(path.read_text()))}
    assert unseen == {}


def test_extraction_looks_into_templates_inside_templates(tmp_path: Path) -> None:
    screen = tmp_path / "screen.js"
    screen.write_text(
        "html`<p>${t('Outside')} ${list.map((n) => html`<b>${tn('{n} inside', '{n} inside, many', n)}</b>`)}</p>`;\n"
        "const words = ctx.t('It\\'s here');\nformat('not a word');\n"
    )
    with screen.open("rb") as file:
        found = [(function, message) for _, function, message, _ in extract(file, (), (), {})]
    assert found == [
        ("gettext", "Outside"),
        ("ngettext", ("{n} inside", "{n} inside, many")),
        ("gettext", "It's here"),
    ]


def test_a_call_without_a_literal_is_told() -> None:
    assert not_literal("t(`A ${word}`)") == ["t(`A ${word}`"]
    assert not_literal("ctx.t('fine'); start(x); out.text(y)") == []


def test_the_worker_is_sent_its_own_words_alone() -> None:
    sent = b"".join(catalogue.compiled(LOCALE).values()).decode()
    assert "Enregistrer, suivant" in sent
    only_server = [
        forms(message)[0]
        for message, names in words().items()
        if all(n.startswith("backend/") for n in names)
    ]
    assert only_server
    assert [message for message in only_server if f'"{message}":' in sent] == []


def test_first_screens_words_come_by_themselves_and_all_others_follow() -> None:
    compiled = {name: json.loads(text) for name, text in catalogue.compiled(LOCALE).items()}
    first, later = compiled["fr"]["messages"], compiled["fr-later"]
    assert "Se connecter" in first.values()
    assert "Enregistrer, suivant" in later.values()
    of_the_worker = {
        catalogue.key_of(forms(message)[0])
        for message, names in words().items()
        if any(name.startswith("pwa/") for name in names)
    }
    assert of_the_worker == set(first) | set(later)
    assert not set(first) & set(later)
    assert len(json.dumps(first)) < len(json.dumps(later)) / 2
    assert all((ROOT / path).is_file() for path in catalogue.FIRST)


def test_what_goes_wrong_is_found_where_it_is_raised() -> None:
    assert "backend/services/sign_in.py" in words()["The name or the password is not right."]
    assert "backend/web/errors.py" in words()["There is nothing here."]
