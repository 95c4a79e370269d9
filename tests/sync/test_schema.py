"""schemathesis: requests made from the OpenAPI document, against every operation that it names, on both databases.

No 5xx, every answer of a kind and a shape that the document tells of, and nothing changed by what was refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from backend.app import create_app
from backend.clock import system_clock
from backend.db import Database
from backend.settings import Settings
from tests.support.cast import PASSWORD, assemble
from tests.support.in_thread import served_in_thread
from tests.support.sizes import SOAKING, size
from tests.support.untouched import holdings

CASES = size("CASES", 8)
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass
class Api:
    """The served application, the document that it gives out, and a bearer token for each part of it."""

    url: str
    document: OpenApiSchema
    db: Database
    reader: str
    device: str

    def bearer(self, path: str) -> dict[str, str]:
        """The header that this path wants."""
        return {"Authorization": f"Bearer {self.device if path.startswith('/sync') else self.reader}"}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[Api]:
    """The cast's country behind a real server, on both databases in turn."""
    settings_ = Settings(
        data=tmp_path, database_url=database_url, secret_key="k" * 43, sign_in_attempts=100_000
    )
    app = create_app(settings_)
    db: Database = app.state.wiring.db
    with db.writing() as session:
        cast = assemble(session, settings_, system_clock())
    with served_in_thread(app) as url:
        asked = {"user": "alice", "password": PASSWORD, "facility": "A"}
        enrolled = httpx.post(f"{url}/sync/enrol", json=asked).json()
        document = schemathesis.openapi.from_dict(httpx.get(f"{url}/schema").json())
        yield Api(url, document, db, cast.bearers["ada"], enrolled["token"])


def test_what_the_document_lets_one_ask(api: Api) -> None:
    asked: set[str] = set()
    for found in api.document.get_all_operations():
        operation = found.ok()
        asked.add(operation.label)
        _ask(api, operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        if list(operation.iter_parameters()) or list(operation.body):
            _ask(api, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    assert {"POST /sync/push", "GET /sync/pull", "POST /sync/enrol", "GET /api/v1/cards"} <= asked


def _ask(api: Api, cases: st.SearchStrategy[Case]) -> None:
    @settings(
        max_examples=CASES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not SOAKING,
        database=None,
        # A case is a request, and says itself what it was; making it smaller takes minutes.
        phases=[Phase.explicit, Phase.generate],
    )
    @given(cases)
    def ask(case: Case) -> None:
        before = holdings(api.db)
        answer = case.call(base_url=api.url, headers=api.bearer(case.path))
        assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert holdings(api.db) == before, case.as_curl_command()

    ask()


def test_the_document_tells_of_the_bodies_that_the_protocol_reads(api: Api) -> None:
    push = api.document.raw_schema["paths"]["/sync/push"]["post"]
    envelope = push["requestBody"]["content"]["application/json"]["schema"]
    assert set(envelope["required"]) == {"device", "sent_at", "operations"}
    assert push["security"] == [{"bearer": []}]
