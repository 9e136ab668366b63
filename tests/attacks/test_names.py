"""Names that would like to be paths, headers, or other files."""

from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from tests.attacks.conftest import Serve, status_of

from opsroom.settings import Settings

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NASTY = [
    "../../../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/passwd",
    "C:\\windows\\system32\\a",
    "a\r\nSet-Cookie: evil=1",
    'a"; filename="b.exe',
    "a\u202egpj.exe",
    "..",
    "%2e%2e%2fetc%2fpasswd",
    "nul\x01name",
]
OUT = [
    "..%2f..%2f..%2fmain.py",
    "%2e%2e/%2e%2e/%2e%2e/main.py",
    "..%5c..%5cmain.py",
    "..%252f..%252fmain.py",
    "%c0%ae%c0%ae/main.py",
    "..;/main.py",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "console.css%00.py",
    "vendor/",
    "stores/../../main.py",
    ".",
]


@sqlite_only
async def test_no_spelling_leads_out_of_the_static_files(serve: Serve) -> None:
    wire = await serve()
    for before, path in product(("/static/", "/static/vendor/", "/static//"), OUT):
        answer = await wire.get(before + path)
        assert status_of(answer) in {400, 404}, (before, path)
        assert b"import " not in answer
        assert b"root:" not in answer


@sqlite_only
async def test_the_name_of_a_file_is_a_label(manager: httpx.AsyncClient, settings: Settings) -> None:
    for name in NASTY:
        sent = await manager.post("/api/v1/artifacts/files", params={"name": name}, content=b"content")
        assert sent.status_code == 201, sent.text
        kept = [path.name for path in settings.data_dir.parent.rglob("*") if path.is_file()]
        assert sent.json()["sha256"] in kept
        assert [each for each in kept if "passwd" in each or "evil" in each] == []
        answer = await manager.get(f"/api/v1/artifacts/{sent.json()['id']}/download")
        assert answer.content == b"content"
        whole_headers(answer)
        disposition = answer.headers["content-disposition"]
        assert disposition.startswith("attachment; filename*=UTF-8''")
        assert disposition.count(";") == 1
        assert disposition.isascii()


@sqlite_only
async def test_the_name_of_an_uploaded_file_is_a_label_too(
    app: FastAPI, manager: httpx.AsyncClient, settings: Settings
) -> None:
    for name in NASTY:
        files = {"zones": (name, b"store_id,timezone_str\ns-1,Africa/Nairobi\n")}
        answer = await manager.post("/api/v1/stores/imports", files=files)
        assert answer.status_code in {202, 422}, answer.text
    written = [path.name for path in settings.data_dir.parent.rglob("*")]
    assert not {"passwd", "boot.ini"} & set(written)
    async with app.state.database.reading() as connection:
        names = (await connection.scalars(text("SELECT file_name FROM observation_imports"))).all()
    assert names
    assert all("/" not in each for each in names)


@sqlite_only
async def test_what_is_served_says_what_it_is_and_is_not_looked_into(manager: httpx.AsyncClient) -> None:
    page = b"<script>alert(1)</script>"
    sent = await manager.post(
        "/api/v1/artifacts/files", params={"name": "a.html"}, content=page, headers={"Content-Type": "text/html"}
    )
    answer = await manager.get(f"/api/v1/artifacts/{sent.json()['id']}/download")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


@sqlite_only
async def test_a_report_is_asked_for_by_a_name_that_is_known(manager: httpx.AsyncClient) -> None:
    for report_type in ("../../etc/passwd", "stores.uptime/../../x", "stores\r\nX: y", ""):
        asked: dict[str, Any] = {"type": report_type, "format": "csv", "parameters": {}}
        assert (await manager.post("/api/v1/reports", json=asked)).status_code in {404, 422}


@sqlite_only
async def test_an_id_that_is_a_path_is_no_id(admin: httpx.AsyncClient) -> None:
    places = ("reports/{}/download", "artifacts/{}/download", "stores/{}", "users/{}")
    keys = ("..%2f..%2fetc%2fpasswd", "%2e%2e", "..%5c..", "a%0d%0aSet-Cookie:%20a=b")
    for place, key in product(places, keys):
        answer = await admin.get(f"/api/v1/{place.format(key)}")
        assert answer.status_code in {404, 422}, (place, key)
        whole_headers(answer)


@sqlite_only
async def test_a_key_cannot_write_headers(admin: httpx.AsyncClient) -> None:
    """Where an answer names a record: Location, file names, messages for the next page."""
    for key in ("a\r\nSet-Cookie: evil=1", "b\nX-Evil: 1", "c\r\n\r\n<script>"):
        made = await admin.post("/api/v1/stores", json={"external_id": key, "name": key})
        assert made.status_code in {201, 422}
        whole_headers(made)
        if made.status_code == 201:
            whole_headers(await admin.get(f"/api/v1/stores/{made.json()['id']}"))


@sqlite_only
async def test_a_request_id_that_is_none_is_not_given_back(serve: Serve) -> None:
    wire = await serve()
    for given in ("<script>alert(1)</script>", "short", "x" * 65, "has space in it", "evil;a=b;c"):
        assert given.encode() not in (await wire.get("/livez", f"X-Request-Id: {given}"))


def whole_headers(answer: httpx.Response) -> None:
    for name, value in answer.headers.raw:
        assert b"\r" not in value, name
        assert b"\n" not in value, name
        assert name.lower() not in {b"x-evil", b"x"}
    assert "evil" not in answer.headers.get("set-cookie", "")
