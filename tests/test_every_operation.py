"""Every operation of the OpenAPI document, with requests drawn from its own description, sane and not.

An answer must be one the document tells of, in its status, kind, headers and form; a 500 never is.
"""

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as how
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

EXAMPLES = 2  # for each operation
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# Not among them, and why:
#   positive_data_acceptance   rules across fields, names of time zones and the like cannot be said in JSON Schema
#   negative_data_rejection    only requests that fit their description are drawn here
#   the rest                   are of credentials, or of several requests that follow one another
LEFT_OUT = {
    "/api/v1/auth/": "ends the sign-in that all other requests are made with",
    "/events": "a stream that has no end",
}


def left_out(path: str) -> bool:
    return any(part in path for part in LEFT_OUT)


def drawn(operation: Any) -> list[Any]:
    cases: list[Any] = []

    @seed(11)
    @how(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(case=operation.as_strategy())
    def draw(case: Any) -> None:
        cases.append(case)

    draw()
    return cases


def request_of(case: Any, authorization: str) -> httpx.Request:
    sent = case.as_transport_kwargs(base_url="http://opsroom.test")
    data = sent.get("data")
    form = data if isinstance(data, dict) else None
    headers = {**(sent.get("headers") or {}), "Authorization": authorization}
    headers.pop("User-Agent", None)
    return httpx.Request(
        sent["method"],
        sent["url"],
        params=sent.get("params"),
        json=sent.get("json"),
        data=form,
        content=data if isinstance(data, str | bytes) else None,
        files=sent.get("files"),
        headers=headers,
    )


@pytest.mark.timeout(1200)
async def test_every_answer_is_one_that_the_document_tells_of(app: FastAPI, admin: httpx.AsyncClient) -> None:
    load_all_checks()
    schema = schemathesis.openapi.from_dict(app.openapi())
    found: list[str] = []
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    asked = [operation for operation in operations if not left_out(operation.path)]
    assert len(asked) > 250
    for operation in asked:
        for case in drawn(operation):
            request = request_of(case, admin.headers["authorization"])
            await request.aread()
            async with asyncio.timeout(60):
                answer = await admin.send(request)
            try:
                case.validate_response(answer, checks=CHECKS)
            except FailureGroup as failures:
                found += [f"{operation.label} {answer.status_code}: {each}" for each in failures.exceptions]
    assert found == []
