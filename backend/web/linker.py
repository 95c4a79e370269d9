"""Link the worker's modules into the one script that is sent: no build step for people, one request for browsers.

Sixty modules are sixty requests, each with its headers and, on a slow line, its share of round trips. The files
stay ES modules for editors, checks and tests; what is sent wraps each in a function, in the order in which a
browser would run them. As one plain script it also runs where workers cannot be modules yet.

Only the forms that the worker uses are understood, each at the start of a line: `import { a, b as c } from './x.js';`,
`import './x.js';`, `export { a } from './x.js';`, `export { a };` and `export` before a function, class or
const. Anything else is refused at start, so that nothing is linked wrongly in silence.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

_IMPORT = re.compile(r"^import (?:\{([^}]*)\} from )?'(\.[^']+)';$", re.MULTILINE)
_EXPORT_FROM = re.compile(r"^export \{([^}]*)\} from '(\.[^']+)';$", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async function|function|class|const) ([A-Za-z_$][\w$]*))", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_SHADOW = re.compile(r"^(?:async function|function|class|const|let) linked\b", re.MULTILINE)
# A comment that has its lines to itself; one that stands before code on its line is a type cast and stays.
_COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/)[\s\S])*\*/[ \t]*\n", re.MULTILINE)


class CannotLink(ValueError):
    """A module that is written in a way that this does not understand, or modules that import in a circle."""


def link(entry: str, read: Callable[[str], str]) -> str:
    """The script that does what the module `entry` does. `read` gives a module's text by its path.

    Raises CannotLink, and whatever `read` raises for a module that is not there.
    """
    pieces: dict[str, str] = {}
    _add(entry, read, pieces, ())
    return "(() => {\n'use strict';\nconst linked = {};\n" + "".join(pieces.values()) + "})();\n"


def modules(entry: str, read: Callable[[str], str]) -> list[str]:
    """The paths of everything that is linked into `entry`, in the order in which it runs."""
    pieces: dict[str, str] = {}
    _add(entry, read, pieces, ())
    return list(pieces)


def _add(path: str, read: Callable[[str], str], pieces: dict[str, str], above: tuple[str, ...]) -> None:
    if path in above:
        raise CannotLink("modules import in a circle: " + " > ".join([*above[above.index(path) :], path]))
    if path in pieces:
        return
    text = _COMMENT.sub("", read(path))
    exports: list[str] = []

    def from_(relative: str) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))
        _add(target, read, pieces, (*above, path))
        return f"linked['{target}']"

    def imported(match: re.Match[str]) -> str:
        source = from_(match[2])
        return f"const {{ {_members(match[1])} }} = {source};" if match[1] else ""

    def exported_from(match: re.Match[str]) -> str:
        source = from_(match[2])
        for name, outside in _pairs(match[1]):
            exports.append(f"{outside}: {source}.{name}")
        return ""

    def exported_list(match: re.Match[str]) -> str:
        exports.extend(f"{outside}: {name}" for name, outside in _pairs(match[1]))
        return ""

    def exported(match: re.Match[str]) -> str:
        exports.append(match[2])
        return match[1]

    # Imports and re-exports in the order of the text: that is the order in which modules run.
    text = re.sub(
        f"{_IMPORT.pattern}|{_EXPORT_FROM.pattern}",
        lambda match: _one(match, imported, exported_from),
        text,
        flags=re.MULTILINE,
    )
    text = _EXPORT.sub(exported, _EXPORT_LIST.sub(exported_list, text))
    if _SHADOW.search(text):
        raise CannotLink(f"{path}: `linked` is the name of what the modules are linked by")
    if left := _LEFT_OVER.search(text):
        raise CannotLink(f"{path}: this form of import or export is not understood: {left[0]}")
    pieces[path] = (
        f"linked['{path}'] = (() => {{\n{text.strip()}\nreturn {{ {', '.join(exports)} }};\n}})();\n"
    )


def _one(
    match: re.Match[str],
    imported: Callable[[re.Match[str]], str],
    exported_from: Callable[[re.Match[str]], str],
) -> str:
    text = match[0]
    if text.startswith("import"):
        found = _IMPORT.match(text)
        assert found is not None
        return imported(found)
    found = _EXPORT_FROM.match(text)
    assert found is not None
    return exported_from(found)


def _pairs(names: str) -> list[tuple[str, str]]:
    """`a, b as c` is [("a", "a"), ("b", "c")]."""
    found = []
    for part in names.split(","):
        if part.strip():
            name, _, outside = (word.strip() for word in part.partition(" as "))
            found.append((name, outside or name))
    return found


def _members(names: str) -> str:
    return ", ".join(name if name == outside else f"{name}: {outside}" for name, outside in _pairs(names))
