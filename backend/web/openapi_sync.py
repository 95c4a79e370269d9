"""What the OpenAPI document says of the sync protocol's requests; sync/PROTOCOL.md says it in full.

The handlers read these bodies as they come, so the document cannot know them by itself.
"""

from __future__ import annotations

from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from sync.carried import FORMAT
from sync.operations import BODIES
from sync.push import OPERATIONS_MAX

_TEXT = Schema(type=OpenAPIType.STRING)
_NAME = Schema(type=OpenAPIType.STRING, min_length=1, max_length=64)
_MOMENT = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE_TIME)
_PERHAPS_TEXT = Schema(type=[OpenAPIType.STRING, OpenAPIType.NULL])
_UUID = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.UUID)

_OPERATION = Schema(
    type=OpenAPIType.OBJECT,
    description="The text made when it was saved; what the body of each kind holds is in sync/PROTOCOL.md.",
    properties={
        "id": _UUID,
        "kind": Schema(type=OpenAPIType.STRING, enum=sorted({kind for kind, _ in BODIES})),
        "version": Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=10_000),
        "facility": _NAME,
        "author": _NAME,
        "recorded_at": _MOMENT,
        "occurred_at": Schema(one_of=[_MOMENT, Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.DATE)]),
        "offset_ms": Schema(type=[OpenAPIType.INTEGER, OpenAPIType.NULL]),
        "seen": _PERHAPS_TEXT,
        "body": Schema(type=OpenAPIType.OBJECT),
    },
    required=["id", "kind", "version", "facility", "author", "recorded_at", "occurred_at", "body"],
)
_OPERATIONS = Schema(
    type=OpenAPIType.ARRAY,
    max_items=OPERATIONS_MAX,
    items=Schema(
        type=OpenAPIType.OBJECT,
        properties={
            "seq": Schema(type=OpenAPIType.INTEGER, minimum=1, maximum=2**53 - 1),
            "operation": _OPERATION,
        },
        required=["seq", "operation"],
    ),
)
_PUSH = Schema(
    type=OpenAPIType.OBJECT,
    properties={
        "device": _UUID,
        "epoch": _PERHAPS_TEXT,
        "sent_at": _MOMENT,
        "operations": _OPERATIONS,
    },
    required=["device", "sent_at", "operations"],
)
_COUNTED = Schema(type=OpenAPIType.INTEGER, minimum=1)
_CARRIED = Schema(
    type=OpenAPIType.OBJECT,
    description="One part of a file, byte for byte: the seal is over all that stands before it and must come last.",
    properties={
        "format": Schema(type=OpenAPIType.INTEGER, enum=[FORMAT]),
        "device": _UUID,
        "name": _TEXT,
        "epoch": _PERHAPS_TEXT,
        "made_at": _MOMENT,
        "part": _COUNTED,
        "parts": _COUNTED,
        "operations": _OPERATIONS,
        "seal": Schema(type=OpenAPIType.STRING, pattern="^[0-9a-f]{64}$"),
    },
    required=["format", "device", "name", "made_at", "part", "parts", "operations", "seal"],
)
_ENROLMENT = Schema(
    type=OpenAPIType.OBJECT,
    properties={"user": _TEXT, "password": _TEXT, "facility": _TEXT, "name": _TEXT},
    required=["user", "password", "facility"],
)
_SIGN_IN = Schema(
    type=OpenAPIType.OBJECT, properties={"user": _TEXT, "password": _TEXT}, required=["user", "password"]
)
_BODIES = {
    "/sync/push": _PUSH,
    "/sync/carried": _CARRIED,
    "/sync/enrol": _ENROLMENT,
    "/sync/people": _SIGN_IN,
}
_BY_DEVICE = ("/sync/push", "/sync/carried", "/sync/pull", "/sync/people", "/sync/wiped")


def describe_request(path: str, operation: Operation) -> None:
    """Add the request's body and its bearer token where the path is one of the protocol's; else nothing."""
    body = _BODIES.get(path)
    if body is not None:
        content = {"application/json": OpenAPIMediaType(schema=body)}
        operation.request_body = RequestBody(content=content, required=True)
    if path in _BY_DEVICE:
        operation.security = [{"bearer": []}]
