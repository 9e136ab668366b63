"""Putting an application together leaves what its modules declare as it is."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from opsroom.core.artifacts.api import router
from opsroom.main import add_routes


def standing(router: APIRouter) -> list[tuple[Callable[..., Any], Any, Any]]:
    return [(each.app, each.openapi_extra, each.responses) for each in router.routes if isinstance(each, APIRoute)]


def test_a_router_can_serve_any_number_of_applications() -> None:
    before = standing(router)
    assert len(before) > 5
    apps = [FastAPI(), FastAPI()]
    for each in apps:
        add_routes(each, router)
    assert standing(router) == before
    first, second = (standing(each.router) for each in apps)
    assert [extra for _, extra, _ in first] == [extra for _, extra, _ in second]
    assert first != before
