"""Leave out of a script what only people read: comments, indentation and the spaces between signs.

Nothing is renamed and nothing inside a string, a template or a regular expression is touched, however templates
are nested; a line break stays wherever JavaScript could read it as the end of a statement. So what is sent can be
read beside the file that it came from, and an error's text says the same names.

Whether a slash divides or begins a regular expression is told from what stands before it. Where that is not enough
(after a closing brace, or after the bracket of an `if`) the script is refused at start rather than guessed at.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""
      (?P<space>    (?: [ \t\r\n\f\v\u00a0\ufeff\u2028\u2029]+ | //[^\n\r\u2028\u2029]* | /\*[\s\S]*?\*/ )+ )
    | (?P<string>   '(?:[^'\\\n]|\\[\s\S])*' | "(?:[^"\\\n]|\\[\s\S])*" )
    | (?P<number>   \.?[0-9](?:[eE][+-](?=[0-9])|[\w.])* )
    | (?P<word>     [#]?[\w$]+ )
    | (?P<template> ` )
    | (?P<slash>    / )
    | (?P<sign>     \.\.\. | => | \?\. | \+\+ | -- | [{}()\[\];,<>+\-*%&|^!~?:=.@] )
    """,
    re.VERBOSE,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/[a-z]*")
# The text of a template up to its end or to the next value in it.
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)")

# After these words an expression begins, so that a slash begins a regular expression.
_BEFORE_VALUE = frozenset(
    [
        "return",
        "typeof",
        "case",
        "in",
        "of",
        "delete",
        "void",
        "throw",
        "new",
        "instanceof",
        "do",
        "else",
        "yield",
        "await",
    ]
)
_WITH_BRACKET = frozenset({"if", "while", "for", "with"})
# A statement goes on after these, and before those: a line break there means nothing.
_GOES_ON_AFTER = frozenset(
    [
        "{",
        "(",
        "[",
        ";",
        ",",
        "<",
        ">",
        "+",
        "-",
        "*",
        "%",
        "&",
        "|",
        "^",
        "!",
        "~",
        "?",
        ":",
        "=",
        ".",
        "?.",
        "=>",
        "...",
        "/",
    ]
)
_GOES_ON_BEFORE = frozenset(
    ["}", ")", "]", ";", ",", "<", ">", "*", "%", "&", "|", "^", "?", ":", "=", ".", "?.", "=>"]
)
_WORDY = re.compile(r"[\w$#\\]")


class CannotMinify(ValueError):
    """A script that is not understood well enough to leave anything out of it; says where."""


@lru_cache(maxsize=256)
def smaller(text: str) -> str:
    """The script without what it does not need. Raises CannotMinify."""
    return "".join(_Reading(text).pieces())


class _Reading:
    """One walk through a script, which remembers what is open and what stood last."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.kind = "start"
        self.last = ""
        # Of every open bracket: itself, and the word before it; "${" is a value within a template.
        self.open: list[tuple[str, str]] = []
        self.closed = ""

    def pieces(self) -> list[str]:
        """What is left, in order."""
        gap = ""
        while self.at < len(self.text):
            found = _TOKEN.match(self.text, self.at)
            if found is None:
                raise self._refusal("this sign is not known here")
            kind, piece = str(found.lastgroup), found[0]
            if kind == "space":
                gap = "\n" if re.search(r"[\n\r\u2028\u2029]", piece) else " "
                self.at = found.end()
                continue
            if kind == "slash" and self._value_begins():
                kind, piece = "regex", self._whole(_REGEX)
            elif kind == "template" or (piece == "}" and self.open and self.open[-1][0] == "${"):
                kind, piece = "template", self._template(piece)
            elif kind == "sign":
                self._bracket(piece)
            self.out.append(self._between(gap, kind, piece) + piece)
            self.at += len(piece)
            self.kind, self.last, gap = kind, piece, ""
        if self.open:
            raise self._refusal(f"{self.open[-1][0]} is not closed")
        return self.out

    def _value_begins(self) -> bool:
        if self.kind == "word":
            return self.last in _BEFORE_VALUE
        if self.last == "}" or (self.last == ")" and self.closed in _WITH_BRACKET):
            raise self._refusal("a slash here could divide or begin a regular expression")
        return (
            self.kind in ("start", "slash")
            or (self.kind == "sign" and self.last not in (")", "]", "++", "--"))
            or (self.kind == "template" and self.last.endswith("${"))
        )

    def _whole(self, pattern: re.Pattern[str], start: int | None = None) -> str:
        found = pattern.match(self.text, self.at if start is None else start)
        if found is None:
            raise self._refusal("this is not closed")
        return found[0]

    def _template(self, piece: str) -> str:
        if piece == "}":
            self.open.pop()
        text = self._whole(_TEMPLATE, self.at + 1)
        if text.endswith("${"):
            self.open.append(("${", ""))
        return piece + text

    def _bracket(self, piece: str) -> None:
        if piece in "([{":
            self.open.append((piece, self.last if self.kind == "word" else ""))
        elif piece in ")]}":
            if not self.open or self.open[-1][0] + piece not in ("()", "[]", "{}"):
                raise self._refusal(f"{piece} closes nothing")
            self.closed = self.open.pop()[1]

    def _between(self, gap: str, kind: str, piece: str) -> str:
        """What has to stand between the last piece and this one, if anything stood there."""
        if not gap or self.kind == "start":
            return ""
        inside = self.kind == "template" and self.last.endswith("${")
        if inside or (kind == "template" and piece.startswith("}")):
            return ""
        if gap == "\n" and not (
            (self.kind in ("sign", "slash") and self.last in _GOES_ON_AFTER)
            or (kind == "sign" and piece in _GOES_ON_BEFORE)
        ):
            return "\n"
        before, after = self.last[-1], piece[0]
        wordy = _WORDY.match(before) and _WORDY.match(after)
        # a + +b, a / /b/, 1 .toFixed(), and the two marks of an old kind of comment: <!-- and -->
        merges = (before + after) in ("++", "--", "//", "/*", "<!") or (self.last == "--" and after == ">")
        return " " if wordy or merges or (self.kind == "number" and after == ".") else ""

    def _refusal(self, why: str) -> CannotMinify:
        line = self.text.count("\n", 0, self.at) + 1
        return CannotMinify(f"line {line}: {why}: {self.text[self.at : self.at + 60]!r}")
