"""The worker's words: each `pwa/locale/<language>.po` as the JSON that `pwa/worker/i18n.js` reads.

A message goes under a short hash of its msgid, for the worker has the English text; plural messages are lists. The
plural rule, a C expression that a worker under our policy could not evaluate, becomes a table of which form
each number from 0 to 199 takes; past that only the last two digits decide, in every rule gettext knows.

The words of the screens that a first visit shows are a file of their own, for a slow line waits for them; those of all
other screens follow when the first screen stands (`words` in pwa/worker/context.js).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message

PLURALS_MAX = 200
_WORKER = "pwa/"
_SCREENS = "pwa/worker/screens/"
FIRST = (
    *("pwa/worker/service.js", "pwa/worker/layout.js", "pwa/worker/router.js", "pwa/worker/scan_door.js"),
    *(f"{_SCREENS}{name}.js" for name in ("home", "sign_in", "clock_notice")),
)
"""Where the words of first screens are: /app, /app/sign-in and /app/starting, and the frame around them."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def compiled(root: Path) -> dict[str, bytes]:
    """JSON of every .po in the folder, by language: `fr` for the first screens, and `fr-later`, the messages alone, for
    the others if there are any. Raises PoFileError for a file that is not a catalogue, and ValueError where two
    messages come under one hash."""
    return {name: text for path in sorted(root.glob("*.po")) for name, text in _files(path)}


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale=path.stem, abort_invalid=True)
    wanted = [message for message in catalogue if _is_wanted(message)]
    everything = _messages(wanted)
    first = _messages(message for message in wanted if any(place in FIRST for place in _places(message)))
    content = {
        "language": path.stem,
        "dir": Locale.parse(path.stem).text_direction,
        "plurals": _plural_table(catalogue),
        "messages": first,
    }
    yield path.stem, _json(content)
    if later := {key: words for key, words in everything.items() if key not in first}:
        yield f"{path.stem}-later", _json(later)


def _json(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _places(message: Message) -> list[str]:
    return [str(place) for place, _ in message.locations]


def _is_wanted(message: Message) -> bool:
    """Translated, and not known to be used by the server's pages alone."""
    if not message.id or message.fuzzy or not message.string:
        return False
    places = _places(message)
    return not places or any(place.startswith(_WORKER) for place in places)


def _messages(wanted: Iterable[Message]) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for msgid, words in map(_entry, wanted):
        key = key_of(msgid)
        if key in found:
            raise ValueError(f"Two messages have one hash; say one of them otherwise: {msgid}")
        found[key] = words
    return found


def key_of(msgid: str) -> str:
    """FNV-1a of the UTF-16 units, below 36 to the fifth, in base 36; `keyOf` in pwa/worker/i18n.js is its twin."""
    hash_ = 0x811C9DC5
    units = msgid.encode("utf-16-le")
    for low, high in zip(units[::2], units[1::2], strict=True):
        hash_ = (hash_ ^ (low | high << 8)) * 0x01000193 & 0xFFFFFFFF
    rest, key = hash_ % 36**5, ""
    while rest or not key:
        rest, digit = divmod(rest, 36)
        key = _DIGITS[digit] + key
    return key


def _entry(message: Message) -> tuple[str, str | list[str]]:
    if isinstance(message.id, tuple | list):
        return message.id[0], list(message.string or ())
    return str(message.id), str(message.string)


def _plural_table(catalogue: Catalog) -> str:
    form = c2py(catalogue.plural_expr)
    return "".join(str(form(n)) for n in range(PLURALS_MAX))
