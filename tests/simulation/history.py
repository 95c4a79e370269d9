"""What happened, line by line: the trace of a seed, its hash, and the failure that shows it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass
class History:
    """The trace of one seed; two runs of a seed give the same lines."""

    seed: int
    lines: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """One more thing that happened."""
        self.lines.append(text)

    @property
    def digest(self) -> str:
        """One value for the whole of it."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


class Broken(AssertionError):
    """A promise was not kept; the message says which."""


class Failure(AssertionError):
    """A seed that broke a promise: which, how to replay it, and what happened before."""

    def __init__(self, history: History, why: BaseException, replay: str) -> None:
        super().__init__(f"seed {history.seed}: {why}\nreplay it with: {replay}")
        self.history = history
        self.why = why
