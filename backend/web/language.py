"""Languages: which one a request is answered in, the catalogue's words, numbers and dates as it writes them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

LOCALES = Path(__file__).resolve().parents[2] / "pwa" / "locale"
SOURCE = "en"
_HEADER_LENGTH_MAX = 200


@lru_cache(maxsize=1)
def catalogues() -> dict[str, NullTranslations]:
    """Translations by language, read once; English is the source and needs no file."""
    found: dict[str, NullTranslations] = {SOURCE: NullTranslations()}
    for path in sorted(LOCALES.glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=path.stem))
        compiled.seek(0)
        found[path.stem] = Translations(compiled)
    return found


def languages() -> dict[str, str]:
    """Languages on offer, each by its own name: `{"en": "English", "fr": "Français"}`."""
    return {code: (Locale.parse(code).get_display_name() or code).capitalize() for code in catalogues()}


def choose(*, person: str | None, cookie: str | None, header: str | None, default: str) -> str:
    """The language to answer in: the person's own, else the chosen one, the browser's, the settings'."""
    known = catalogues()
    for one in (person, cookie):
        if one and one in known:
            return one
    return negotiate_locale(_asked_for(header), known, sep="-") or (default if default in known else SOURCE)


def _asked_for(header: str | None) -> list[str]:
    """Languages of an Accept-Language header, the most wanted first; what cannot be read is left out."""
    wanted: list[tuple[float, str]] = []
    for part in (header or "")[:_HEADER_LENGTH_MAX].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(wanted, key=lambda one: one[0]) if tag and weight < 0]


@dataclass(frozen=True)
class Formats:
    """Numbers and times as a language writes them; moments in UTC milliseconds, shown in the time zone given."""

    language: str
    time_zone: str

    @property
    def locale(self) -> str:
        """Babel's locale: plain `en` would write American dates, which the app (en-GB) does not either."""
        return "en_GB" if self.language == "en" else self.language

    def number(self, value: int | float) -> str:
        """A number with its thousands apart."""
        return str(format_decimal(value, locale=self.locale))

    def date(self, day: date | str) -> str:
        """A calendar date, or its ISO text."""
        return format_date(
            date.fromisoformat(day) if isinstance(day, str) else day, "medium", locale=self.locale
        )

    def moment(self, at: int) -> str:
        """Date and time of a moment."""
        return format_datetime(self._local(at), "medium", tzinfo=ZoneInfo(self.time_zone), locale=self.locale)

    def ago(self, at: int, now: int) -> str:
        """How long ago a moment was, in words."""
        return format_timedelta((at - now) / 1000, add_direction=True, locale=self.locale)  # type: ignore[arg-type]

    @staticmethod
    def _local(at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, UTC)
