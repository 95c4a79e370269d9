"""The words of the server's Python: a babel extraction method for what gettext marks, and for what goes wrong.

A problem's detail is shown on pages as it is raised, so every literal detail is a word to be translated.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from babel.messages.extract import extract_python

Found = tuple[int, str, Any, list[str]]


def extract(
    file: IO[bytes],
    keywords: Mapping[str, Any],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[Found]:
    """Yield (line, function, message or messages, comments) as babel wants them."""
    source = file.read()
    # Babel's own annotation of what this yields is of an older form.
    marked: Any = extract_python(io.BytesIO(source), keywords, comment_tags, options)  # type: ignore[arg-type]
    yield from marked
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Problem":
            detail = call.args[2] if len(call.args) > 2 else None
            if isinstance(detail, ast.Constant) and isinstance(detail.value, str):
                yield detail.lineno, "gettext", detail.value, []
