"""Forms of the server's pages: their fields' limits, and how they are told from other bodies."""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar.enums import RequestEncodingType
from litestar.params import Body, PathParameter
from msgspec import Meta

FORM_BYTES_MAX = 16_384

Text = Annotated[str, Meta(max_length=1000, pattern=r"\A[^\x00]*\Z")]
"""A field of a form."""

Id = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
"""An id in a path; no table has a larger one."""

T = TypeVar("T")
Form = Annotated[T, Body(media_type=RequestEncodingType.URL_ENCODED)]
"""The body of a handler, sent by a form."""
