"""What commands write: results to standard output, everything else to standard error."""

from __future__ import annotations

import sys
import time
from getpass import getpass

from backend.commands.failures import Failed

_BAR_WIDTH = 30
_REDRAW_S = 0.1


def say(text: str) -> None:
    """A line of result."""
    sys.stdout.write(text + "\n")


def remark(text: str) -> None:
    """A line beside the result: a progress, a warning, a reason."""
    sys.stderr.write(text + "\n")


class ProgressBar:
    """A bar on standard error, where that is a terminal; nothing elsewhere. Call it with (done, total)."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = sys.stderr.isatty()
        self._drawn_at = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Draw it anew, at most ten times a second."""
        moment = time.monotonic()
        if not self._shown or not total or (done < total and moment - self._drawn_at < _REDRAW_S):
            return
        self._drawn_at = moment
        filled = _BAR_WIDTH * done // total
        bar = "#" * filled + "." * (_BAR_WIDTH - filled)
        sys.stderr.write(f"\r{self._label} [{bar}] {100 * done // total:3d} %")
        sys.stderr.flush()

    def close(self) -> None:
        """Wipe it, so that what is printed next starts on a clean line."""
        if self._drawn_at:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def ask_password() -> str:
    """The password, asked for twice on a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line.endswith("\n") and not line:
            raise Failed("No password: standard input is empty. Its first line is the password.")
        return line.rstrip("\r\n")
    first = getpass("Password: ")
    if getpass("The same again: ") != first:
        raise Failed("The two passwords are not the same.")
    return first
