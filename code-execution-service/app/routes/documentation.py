"""The API's documentation as a page: Swagger UI from this service, nothing from elsewhere."""

import gzip
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Response
from fastapi.responses import HTMLResponse

FILES = Path(__file__).parent / "swagger_ui"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Swagger UI writes styles into its elements; scripts are files."""
KEPT_S = 24 * 3600
PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Code Execution Service</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui" data-document="/openapi.json"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
"""
START = """const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.document, domNode: place, deepLinking: true });
"""
_MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
@router.get("/docs/")
@router.get("/redoc")
async def show_page() -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/docs/start.js")
async def show_start() -> Response:
    return Response(START, media_type="text/javascript; charset=utf-8")


@router.get("/docs/{name}")
async def show_file(
    name: Literal["swagger-ui-bundle.js", "swagger-ui.css"],
    accept_encoding: Annotated[str, Header()] = "",
) -> Response:
    headers = {"Cache-Control": f"public, max-age={KEPT_S}", "Vary": "Accept-Encoding"}
    packed = _read(name)
    if "gzip" not in accept_encoding.lower():
        return Response(gzip.decompress(packed), HTTPStatus.OK, headers, _MEDIA_TYPES[name])
    headers["Content-Encoding"] = "gzip"
    return Response(packed, HTTPStatus.OK, headers, _MEDIA_TYPES[name])


@cache
def _read(name: str) -> bytes:
    return (FILES / f"{name}.gz").read_bytes()
