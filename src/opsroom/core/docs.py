"""The OpenAPI document and its two readers, from files of our own, so that they work without a network."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

from opsroom.core.auth.guards import allow

router = APIRouter(tags=["documentation"], include_in_schema=False)
VENDOR = "/static/vendor"


@router.get("/openapi.json", dependencies=[allow("docs.read")])
async def openapi(request: Request) -> dict[str, Any]:
    document: dict[str, Any] = request.app.openapi()
    return document


@router.get("/docs", dependencies=[allow("docs.read")])
async def docs() -> HTMLResponse:
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Opsroom API",
        swagger_js_url=f"{VENDOR}/swagger-ui-bundle.js",
        swagger_css_url=f"{VENDOR}/swagger-ui.css",
        swagger_favicon_url="/static/favicon.svg",
    )


@router.get("/redoc", dependencies=[allow("docs.read")])
async def redoc() -> HTMLResponse:
    return get_redoc_html(
        openapi_url="/openapi.json",
        title="Opsroom API",
        redoc_js_url=f"{VENDOR}/redoc.standalone.js",
        redoc_favicon_url="/static/favicon.svg",
        with_google_fonts=False,
    )
