"""Styles, scripts and pictures: read once, named by their content, never by a path from outside."""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response

from opsroom.core.auth.guards import PUBLIC, allow
from opsroom.core.errors import NotFound

router = APIRouter(include_in_schema=False)

FOR_A_YEAR = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


@dataclass(frozen=True)
class Asset:
    content: bytes
    media_type: str

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:16]

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.content, 9, mtime=0)


class Assets:
    """Every file of the `static` folders, by the path under `/static/`."""

    def __init__(self, packages: Iterable[tuple[str, str]]) -> None:
        """`packages`: prefix and package, such as ("stores/", "opsroom.stores")."""
        self._found: Mapping[str, Asset] = {
            path: asset for prefix, package in packages for path, asset in _under(files(package) / "static", prefix)
        }

    def __getitem__(self, path: str) -> Asset:
        return self._found[path]

    def __contains__(self, path: str) -> bool:
        return path in self._found

    def url(self, path: str) -> str:
        """Where a page finds a file; changes with its content, so that browsers may keep it.

        Raises:
            KeyError: there is no such file.
        """
        return f"/static/{path}?v={self[path].digest}"


@router.get("/static/{path:path}", name="console_static", dependencies=[allow(PUBLIC)])
async def serve(path: str, request: Request, v: str = "") -> Response:
    assets: Assets = request.app.state.console.assets
    if path not in assets:
        raise NotFound(f"There is no file /static/{path}.")
    asset = assets[path]
    etag = f'"{asset.digest}"'
    headers = {
        "Cache-Control": FOR_A_YEAR if v == asset.digest else ASK_AGAIN,
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", "") or asset.media_type.startswith("image/png"):
        return Response(asset.content, media_type=asset.media_type, headers=headers)
    return Response(asset.gzipped, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})


def _under(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _under(entry, f"{prefix}{entry.name}/")
        else:
            media_type = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            yield f"{prefix}{entry.name}", Asset(entry.read_bytes(), media_type)
