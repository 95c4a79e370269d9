"""docs/settings.md says of every setting what the code says, and of nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `BINCARD_([A-Z_]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)


def test_every_setting_is_documented_with_its_default_and_in_the_same_words() -> None:
    documented = {name.lower(): (default, words) for name, default, words in ROW.findall(PAGE.read_text())}
    assert documented.keys() == Settings.model_fields.keys()
    for name, field in Settings.model_fields.items():
        default = field.default if isinstance(field.default, str) else json.dumps(field.default, default=str)
        default = default.strip('"')
        assert documented[name] == (f"`{default}`" if default else "empty", field.description)


def test_every_setting_mentioned_is_one() -> None:
    mentioned = set(re.findall(r"BINCARD_([A-Z_]+)", PAGE.read_text()))
    assert mentioned == {name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "Europe/Atlantis"),
        ("TIME_ZONE", "../etc/passwd"),
        ("TIME_ZONE", ""),
        ("SESSION_HOURS", "0"),
        ("SIGN_IN_ATTEMPTS", "0"),
        ("TRUSTED_PROXIES", "-1"),
        ("AMC_MONTHS", "0"),
        ("DAYS_IN_MONTH", "27"),
        ("LOG_FORMAT", "xml"),
        ("SECURE_COOKIES", "perhaps"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"BINCARD_{name}", value)
    with pytest.raises(ValidationError):
        Settings()
