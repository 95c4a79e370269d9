"""Typed settings from the environment (`BINCARD_*`), one frozen object; docs/settings.md lists them all."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What can be set from outside. Everything has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="BINCARD_", frozen=True, extra="ignore")

    data: Path = Field(
        default=Path("data"), description="Folder of the SQLite file and of the keys made on first start."
    )
    database_url: str = Field(
        default="", description="SQLAlchemy address; empty means SQLite in the data folder."
    )
    secret_key: str = Field(
        default="", description="Signs device and API tokens; made and kept in the data folder when empty."
    )
    time_zone: str = Field(
        default="UTC", description="IANA name in which periods are cut, where a zone does not say its own."
    )
    language: str = Field(default="en", description="Language of a visitor who has not chosen one: en or fr.")
    session_hours: int = Field(
        default=12, ge=1, le=24 * 31, description="How long a browser stays signed in without use."
    )
    sign_in_attempts: int = Field(
        default=10, ge=1, description="Wrong passwords allowed per name and address in 15 minutes."
    )
    secure_cookies: bool = Field(
        default=False, description="Send cookies over HTTPS only; set behind a TLS proxy."
    )
    trusted_proxies: int = Field(
        default=0, ge=0, description="Proxies in front whose X-Forwarded-For entries are believed."
    )
    request_seconds: int = Field(
        default=300, ge=1, description="How long the body of a request may take to arrive."
    )
    amc_months: int = Field(
        default=3, ge=1, le=24, description="Reported months that the AMC is the mean of."
    )
    days_in_month: int = Field(default=30, ge=28, le=31, description="D of the adjusted consumption formula.")
    levels_seconds: int = Field(
        default=300, ge=0, description="How often the levels of facilities are computed again; 0 means never."
    )
    log_format: str = Field(
        default="text", pattern="^(text|json)$", description="text for people, json for collectors."
    )
    metrics_token: str = Field(
        default="",
        pattern="^([!-~]{16,})?$",
        description="Opens /metrics to a Prometheus that bears it; empty means there is no /metrics.",
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, OSError) as error:
            raise ValueError(f"there is no time zone {value!r}") from error
        return value

    @property
    def database_address(self) -> str:
        """The database to open, with the driver named."""
        url = self.database_url or f"sqlite:///{(self.data / 'bincard.sqlite').absolute()}"
        for prefix in ("postgresql://", "postgres://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url
