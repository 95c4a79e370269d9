"""The words of the worker's screens: a babel extraction method for `t('...')` and `tn('one', 'many', n)`.

Babel's own JavaScript lexer does not look into a template inside a template, which is what screens are made
of. The screens keep to quoted literals, and tests/unit/test_catalogue.py refuses a call with anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

_LITERAL = r"'((?:[^'\\\n]|\\.)*)'"
_CALL = re.compile(rf"(?<![\w.$])(?:ctx\.)?(?:(t)\(\s*{_LITERAL}|(tn)\(\s*{_LITERAL}\s*,\s*{_LITERAL})")
_ANY_CALL = re.compile(r"(?<![\w.$])(?:ctx\.)?tn?\(\s*(?!['\s])(?!msgid|one,)[^)]{1,60}")
_ESCAPE = re.compile(r"\\(.)")

Found = tuple[int, str, str | tuple[str, ...], list[str]]


def extract(
    file: IO[bytes], keywords: Sequence[str], comment_tags: Sequence[str], options: Mapping[str, object]
) -> Iterator[Found]:
    """Yield (line, function, message or messages, comments) as babel wants them; its keywords are not asked."""
    text = file.read().decode()
    for call in _CALL.finditer(text):
        line = text.count("\n", 0, call.start()) + 1
        if call[1]:
            yield line, "gettext", _plain(call[2]), []
        else:
            yield line, "ngettext", (_plain(call[4]), _plain(call[5])), []


def not_literal(text: str) -> list[str]:
    """Calls whose message is not a quoted literal, which extraction would miss."""
    return [call[0] for call in _ANY_CALL.finditer(text)]


def _plain(literal: str) -> str:
    return _ESCAPE.sub(r"\1", literal)
