"""One style sheet from several: `@import './x.css';` lines put in place, and what only people read left out.

A sheet that imports another in the browser costs a journey more, and each costs its headers. The files stay apart
for those who write them; a list of imports, one a line, makes the sheet that is sent. Selectors and values are left as
they are: only comments, line ends and the spaces around braces and after colons and semicolons go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from functools import lru_cache

_IMPORT = re.compile(r"^@import '(\./[^']+)';\n", re.MULTILINE)
_STRING = r"(\"(?:[^\"\\\n]|\\[\s\S])*\"|'(?:[^'\\\n]|\\[\s\S])*')"
_COMMENT = re.compile(rf"{_STRING}|/\*[\s\S]*?\*/")
# A space before a colon tells two selectors apart and one after it does not; around + and - in calc() both count.
_SPACE = re.compile(rf"{_STRING}|\s*;?\s*(\}})\s*|\s*([{{;,])\s*|:\s+|\s+")


def joined(entry: str, read: Callable[[str], str]) -> str:
    """The sheet with every sheet that it imports in its place. `read` gives a sheet's text by its path."""
    folder = posixpath.dirname(entry)
    return _IMPORT.sub(
        lambda found: joined(posixpath.normpath(posixpath.join(folder, found[1])), read), read(entry)
    )


def parts(entry: str, read: Callable[[str], str]) -> set[str]:
    """The paths of the sheets that are put into `entry`."""
    inside: set[str] = set()

    def reading(path: str) -> str:
        inside.add(path)
        return read(path)

    joined(entry, reading)
    return inside - {entry}


@lru_cache(maxsize=64)
def smaller(text: str) -> str:
    """The sheet without what it does not need."""
    text = _COMMENT.sub(lambda found: found[1] or " ", text)
    return _SPACE.sub(_space, text).strip()


def _space(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return found[2] or found[3] or (":" if found[0].startswith(":") else " ")
