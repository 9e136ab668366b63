"""The OpenAPI document and its two readers, from files of our own, so that they work without a network.

The pages hold no inline script: the content policy allows scripts from files only.
"""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from opsroom.core.auth.guards import allow

router = APIRouter(tags=["documentation"], include_in_schema=False)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Opsroom API</title>
<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">
{head}
</head>
<body>
{body}
</body>
</html>
"""
SWAGGER = PAGE.format(
    head='<link rel="stylesheet" href="/static/vendor/swagger-ui.css">',
    body='<div id="swagger-ui"></div>\n'
    '<script src="/static/vendor/swagger-ui-bundle.js"></script>\n<script src="/static/docs.js"></script>',
)
REDOC = PAGE.format(
    head='<link rel="stylesheet" href="/static/docs.css">',
    # Its search runs in a worker made from a blob, which the content policy refuses.
    body='<redoc spec-url="/openapi.json" disable-search="true"></redoc>\n'
    '<script src="/static/vendor/redoc.standalone.js"></script>',
)


@router.get("/openapi.json", dependencies=[allow("docs.read")])
async def openapi(request: Request) -> dict[str, Any]:
    document: dict[str, Any] = request.app.openapi()
    return document


@router.get("/docs", dependencies=[allow("docs.read")])
async def docs() -> HTMLResponse:
    return HTMLResponse(SWAGGER)


@router.get("/redoc", dependencies=[allow("docs.read")])
async def redoc() -> HTMLResponse:
    return HTMLResponse(REDOC)
