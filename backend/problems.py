"""The one error shape (RFC 9457, application/problem+json), raised anywhere and rendered by the web."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus


class Problem(Exception):
    """A request that cannot be met, in words for a person and a `type` for a program.

    `kind` is a short stable name (`wrong_credentials`); `extra` goes into the body beside the
    standard members, `headers` onto the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """Members of the problem document."""
        return {
            "type": f"urn:bincard:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
