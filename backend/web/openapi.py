"""The OpenAPI document at /schema: JSON and nothing else, with the one error shape on every operation."""

from __future__ import annotations

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    Schema,
    SecurityScheme,
)

from backend import __version__
from backend.web.errors import MEDIA_TYPE
from backend.web.openapi_sync import describe_request

_PROBLEM = Schema(
    type=OpenAPIType.OBJECT,
    description="What went wrong (RFC 9457); `type` is for programs, `detail` for people.",
    properties={
        "type": Schema(type=OpenAPIType.STRING),
        "title": Schema(type=OpenAPIType.STRING),
        "status": Schema(type=OpenAPIType.INTEGER),
        "detail": Schema(type=OpenAPIType.STRING),
    },
    required=["type", "title", "status", "detail"],
    additional_properties=True,
)
_BY_PROTOCOL = Schema(type=OpenAPIType.OBJECT, description="As sync/PROTOCOL.md says.")


def config() -> OpenAPIConfig:
    """Where the document is, and what it says of itself."""
    return OpenAPIConfig(
        title="Bincard",
        version=__version__,
        description="The read API and the sync protocol of Bincard. Errors are application/problem+json.",
        # No page that loads scripts from elsewhere: the document itself, and nothing more.
        render_plugins=[JsonRenderPlugin(path="/")],
        path="/schema",
        components=Components(security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer")}),
        use_handler_docstrings=True,
    )


def describe_errors(app: Litestar) -> None:
    """Replace the framework's own description of errors, which this application never sends."""
    document = app.openapi_schema
    assert document.components is not None
    document.components.schemas["Problem"] = _PROBLEM
    for path, item in (document.paths or {}).items():
        for operation in (item.get, item.post, item.put, item.patch, item.delete):
            if operation is not None:
                _describe(path, operation)


def _describe(path: str, operation: Operation) -> None:
    responses = dict(operation.responses or {})
    responses.pop("400", None)
    responses["default"] = OpenAPIResponse(
        description="A problem, in the one error shape",
        content={MEDIA_TYPE: OpenAPIMediaType(schema=Reference("#/components/schemas/Problem"))},
    )
    describe_request(path, operation)
    if path.startswith("/sync/"):
        for response in responses.values():
            if isinstance(response, OpenAPIResponse) and "application/json" in (response.content or {}):
                response.content = {"application/json": OpenAPIMediaType(schema=_BY_PROTOCOL)}
    operation.responses = responses
