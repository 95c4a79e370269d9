"""Files of operations as a tablet makes them, and answers as it verifies them: by PROTOCOL.md, not by our code."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any


def sealed(token: str, purpose: str, text: str) -> str:
    """The text, which lacks its last brace, with its seal as the last member."""
    message = f"bincard.carry.{purpose}\n{text}".encode()
    return f'{text},"seal":"{hmac.new(token.encode(), message, hashlib.sha256).hexdigest()}"}}'


def part(
    token: str,
    device: str,
    operations: list[tuple[int, str]],
    *,
    made_at: str = "2026-11-22T09:00:00.000Z",
    number: int = 1,
    of: int = 1,
    **more: Any,
) -> str:
    """One line of a file."""
    head = {"format": 1, "device": device, "name": "Tablet of the ward", "epoch": None, "made_at": made_at}
    head |= {"part": number, "parts": of, **more}
    lines = ",".join(f'{{"seq":{seq},"operation":{text}}}' for seq, text in operations)
    return sealed(token, "operations", f'{json.dumps(head)[:-1]},"operations":[{lines}]')


def opened(token: str, line: str) -> dict[str, Any]:
    """Answers, after their seal was verified as a tablet does."""
    text, _, _ = line.strip().rpartition(',"seal":"')
    assert sealed(token, "answers", text) == line.strip()
    answers: dict[str, Any] = json.loads(line)
    return answers
