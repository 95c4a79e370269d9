"""The worker's words: each `pwa/locale/<language>.po` as the JSON that `pwa/worker/i18n.js` reads.

A message keeps its msgid as the key, for the English text is the source; plural messages are lists. The
plural rule, a C expression that a worker under our policy could not evaluate, becomes a table of which form
each number from 0 to 199 takes; past that only the last two digits decide, in every rule gettext knows.
"""

from __future__ import annotations

import json
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages import pofile
from babel.messages.catalog import Catalog, Message

PLURALS_MAX = 200
_WORKER = "pwa/"


def compiled(root: Path) -> dict[str, bytes]:
    """JSON by language, of every .po in the folder. Raises PoFileError for a file that is not a catalogue."""
    return {path.stem: _json(path) for path in sorted(root.glob("*.po"))}


def _json(path: Path) -> bytes:
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale=path.stem, abort_invalid=True)
    content = {
        "language": path.stem,
        "dir": Locale.parse(path.stem).text_direction,
        "plurals": _plural_table(catalogue),
        "messages": dict(_entry(message) for message in catalogue if _is_wanted(message)),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _is_wanted(message: Message) -> bool:
    """Translated, and not known to be used by the server's pages alone."""
    if not message.id or message.fuzzy or not message.string:
        return False
    places = [str(place) for place, _ in message.locations]
    return not places or any(place.startswith(_WORKER) for place in places)


def _entry(message: Message) -> tuple[str, str | list[str]]:
    if isinstance(message.id, tuple | list):
        return message.id[0], list(message.string or ())
    return str(message.id), str(message.string)


def _plural_table(catalogue: Catalog) -> str:
    form = c2py(catalogue.plural_expr)
    return "".join(str(form(n)) for n in range(PLURALS_MAX))
