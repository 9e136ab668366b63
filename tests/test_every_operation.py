"""Every operation of the OpenAPI document, with requests drawn from its own description, sane and not.

An answer must be one the document tells of, in its status, kind, headers and form; a 500 never is.
"""

import asyncio
import re
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
#   positive_data_acceptance     rules across fields, names of time zones and the like cannot be said in JSON Schema
#   negative_data_rejection      it counts what is taken leniently as an error: "1" for 1, a cell of text for a number;
#                                that what is wrong is refused, and by which field, each resource's own tests say
#   missing_required_header      no operation has one but for the credentials
#   ignored_auth                 `test_permissions.py` asks every route as nobody and as each role, which is more
#   object_level_authorization   it takes two identities that own things; `visible_to` is tested where it is declared
#   unsupported_method, allow_header_conformance   below, for every path and all methods
#   use_after_free, ensure_resource_availability   of requests that follow one another; only resources' routes create
#                                and delete, and `core/resources/test_routes.py` reads after both
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


METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


async def test_a_method_that_a_path_does_not_have_is_refused_with_those_it_has(
    app: FastAPI, nobody: httpx.AsyncClient
) -> None:
    described: dict[str, dict[str, Any]] = app.openapi()["paths"]
    templates = {path: re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path))) for path in described}
    for path in described:
        address = re.sub(r"\{[^}]+\}", "00000000-0000-7000-8000-000000000000", path)
        fitting = [other for other, template in templates.items() if template.fullmatch(address)]
        known = {method.upper() for other in fitting for method in described[other]}
        for method in METHODS - known:
            answer = await nobody.request(method, address)
            assert answer.status_code == 405, (method, path, answer.text)
            assert set(answer.headers["allow"].split(", ")) == known, (method, path)
