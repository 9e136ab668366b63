"""Lists as files and files as records."""

import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import delete, select

from opsroom.core.actor import SYSTEM
from opsroom.core.audit.log import AUDIT_LOG
from opsroom.core.db.engine import Database
from opsroom.core.db.lists import to_json
from opsroom.core.db.views import Listing
from opsroom.core.resources.crud import create_items, get_all_items
from opsroom.core.resources.declaration import Resource
from opsroom.core.resources.transfer import ImportAsked, export, import_file
from opsroom.core.tabular.writing import MEDIA_TYPES, Kind

Problem = Callable[[httpx.Response, int], dict[str, Any]]
Record = dict[str, Any]

PARCELS = "/api/v1/parcels"
DEPOTS = "/api/v1/depots"
KINDS = list(Kind)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
nasty = st.sampled_from(
    ["", "'", "''", "'=1", "=1+1", "+a", "-3", "@x", "\t", "\r", "a\r\nb", "_x000D_", " a ", '"', "ﬁ,;"]
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
records = st.fixed_dictionaries(
    {
        "label": texts | nasty,
        "state": st.sampled_from(["waiting", "sent", "lost"]),
        "fragile": st.booleans(),
        "pieces": st.integers(-(1 << 31), (1 << 31) - 1),
        "weight_kg": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "price": st.none() | st.decimals(-9999999, 9999999, places=2),
        "ready_at": st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  bounds
        "due_on": st.none() | st.dates(date(1, 1, 1), date(9999, 12, 31)),
        "slot": st.none() | st.times(),
        "tags": documents,
    }
)


def headers(kind: Kind) -> dict[str, str]:
    return {"Content-Type": MEDIA_TYPES[kind]}


async def whole(database: Database, resource: Resource) -> list[Record]:
    found = [record async for record in get_all_items(database, resource, Listing(order=(("label", False),)), SYSTEM)]
    decoded: list[Record] = msgspec.json.decode(to_json(found))
    written = {"id", "created_at", "updated_at", "version"}
    return sorted(({k: v for k, v in each.items() if k not in written} for each in decoded), key=repr)


async def exported(database: Database, resource: Resource, kind: Kind, scratch: Path) -> bytes:
    pieces = export(database, resource, Listing(), kind, scratch, (SYSTEM, None))
    return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(records, min_size=1, max_size=4))
async def test_what_is_exported_is_imported_as_equal_data(
    scratch: Database, parcels: Resource, tmp_path: Path, kind: Kind, rows: list[Record]
) -> None:
    async with scratch.transaction() as session:
        await session.execute(delete(parcels.table))
        await create_items(session, parcels, [{**row, "depot_id": None} for row in rows], SYSTEM)
    before = await whole(scratch, parcels)
    assert len(before) == len(rows)
    path = tmp_path / "parcels"
    path.write_bytes(await exported(scratch, parcels, kind, tmp_path))
    async with scratch.transaction() as session:
        await session.execute(delete(parcels.table))
        report = await import_file(session, parcels, path, kind, ImportAsked(), (SYSTEM, None))
    assert (report.created, report.errors) == (len(rows), [])
    assert await whole(scratch, parcels) == before


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.XLSX])
async def test_no_cell_of_an_export_is_a_formula(manager: httpx.AsyncClient, depot: Record, kind: Kind) -> None:
    for label in ("=1+1", "@SUM(A1)", "+1", "-1", "plain"):
        await manager.post(PARCELS, json={"label": label, "pieces": -5})
    answer = await manager.get(f"{PARCELS}/export?as={kind}&fields=label,pieces&order=id")
    assert answer.headers["content-type"] == MEDIA_TYPES[kind]
    assert answer.headers["content-disposition"] == f'attachment; filename="parcels.{kind}"'
    if kind is Kind.CSV:
        assert answer.text.splitlines()[:3] == ["label,pieces", "'=1+1,-5", "'@SUM(A1),-5"]
        return
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows())
    assert [cell.value for cell in rows[1]] == ["'=1+1", -5]
    assert {cell.data_type for row in rows for cell in row} == {"s", "n"}


async def test_an_export_gives_what_the_same_list_gives_and_is_remembered(
    app: FastAPI, manager: httpx.AsyncClient, problem_of: Problem
) -> None:
    for number in range(5):
        await manager.post(PARCELS, json={"label": f"box {number}", "pieces": number})
    answer = await manager.get(f"{PARCELS}/export?as=ndjson&pieces__gte=2&order=-pieces&fields=label&q=box")
    assert answer.text == '{"label":"box 4"}\n{"label":"box 3"}\n{"label":"box 2"}\n'
    for wrong in ("as=pdf", "page=2", "colour=red"):
        problem_of(await manager.get(f"{PARCELS}/export?{wrong}"), 422)
    async with app.state.database.reading() as connection:
        events = select(AUDIT_LOG.c.facts).where(AUDIT_LOG.c.event == "resources.list.exported")
        (facts,) = (await connection.scalars(events)).all()
    assert (facts["list"], facts["kind"]) == ("parcels", "ndjson")


async def test_one_bad_row_keeps_all_out_and_each_is_named(manager: httpx.AsyncClient, problem_of: Problem) -> None:
    file = 'code,town\nMBA,Mombasa\nNBO\nKIS,Kisumu\n,Nowhere\nMBA,Again\nELD,"a\nb",extra\n'
    answer = await manager.post(f"{DEPOTS}/import", content=file.encode(), headers=headers(Kind.CSV))
    document = problem_of(answer, 422)
    assert (document["rows"], document["refused"], document["applied"]) == (6, 3, False)
    assert [(each["row"], each["field"]) for each in document["errors"]] == [(3, "town"), (5, "code"), (7, None)]
    assert (await manager.get(DEPOTS)).json()["total"] == 0


async def test_bad_rows_may_be_skipped_and_what_the_database_refuses_is_one(manager: httpx.AsyncClient) -> None:
    file = "code,town\nMBA,Mombasa\nNBO\nMBA,Again\nKIS,Kisumu\n"
    answer = await manager.post(f"{DEPOTS}/import?bad_rows=skip", content=file.encode(), headers=headers(Kind.CSV))
    report = answer.json()
    assert {name: report[name] for name in ("rows", "created", "refused", "applied")} == {
        "rows": 4,
        "created": 2,
        "refused": 2,
        "applied": True,
    }
    assert [(each["row"], each["field"], each["message"]) for each in report["errors"]] == [
        (3, "town", "Field required"),
        (4, "code", "There is another depot with this code."),
    ]


async def test_a_trial_tells_the_same_and_writes_nothing(manager: httpx.AsyncClient) -> None:
    file = b'{"code": "MBA", "town": "Mombasa"}\nnonsense\n\n{"code": "KIS", "town": "Kisumu", "colour": 1}\n'
    answer = await manager.post(
        f"{DEPOTS}/import?dry_run=true&bad_rows=skip", content=file, headers=headers(Kind.NDJSON)
    )
    report = answer.json()
    assert (report["rows"], report["created"], report["applied"]) == (3, 1, False)
    assert [(each["row"], each["field"]) for each in report["errors"]] == [(2, None), (4, "colour")]
    assert (await manager.get(DEPOTS)).json()["total"] == 0


async def test_records_that_are_there_may_be_replaced_by_their_key(
    manager: httpx.AsyncClient, depot: Record, problem_of: Problem
) -> None:
    file = b"code,town\nKIS,Kisumu\nMBA,Mombasa Island\n"
    answer = await manager.post(f"{DEPOTS}/import?replace=true", content=file, headers=headers(Kind.CSV))
    assert (answer.json()["created"], answer.json()["replaced"]) == (1, 1)
    assert (await manager.get(f"{DEPOTS}/{depot['id']}")).json()["town"] == "Mombasa Island"
    keyless = await manager.post(f"{PARCELS}/import?replace=true", content=b"label\na\n", headers=headers(Kind.CSV))
    problem_of(keyless, 422)


async def test_a_nested_import_belongs_to_the_parent_of_its_path(manager: httpx.AsyncClient, depot: Record) -> None:
    path = f"{DEPOTS}/MBA/parcels/import"
    answer = await manager.post(path, content=b"label,pieces\na,3\n", headers=headers(Kind.CSV))
    assert answer.json()["created"] == 1
    (parcel,) = (await manager.get(PARCELS)).json()["items"]
    assert (parcel["depot_id"], parcel["pieces"]) == (depot["id"], 3)


async def test_a_workbook_made_by_hand_is_read_with_its_types(manager: httpx.AsyncClient) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["label", "pieces", "fragile", "weight_kg", "due_on", "ready_at"])
    sheet.append([4711, 3.0, True, 2.5, "2026-03-02", "2026-03-01T09:00:00Z"])
    file = BytesIO()
    book.save(file)
    answer = await manager.post(f"{PARCELS}/import", content=file.getvalue(), headers=headers(Kind.XLSX))
    assert answer.json()["created"] == 1, answer.text
    (parcel,) = (await manager.get(PARCELS)).json()["items"]
    found = {name: parcel[name] for name in ("label", "pieces", "fragile", "weight_kg", "due_on", "ready_at")}
    assert found == {
        "label": "4711",
        "pieces": 3,
        "fragile": True,
        "weight_kg": 2.5,
        "due_on": "2026-03-02",
        "ready_at": "2026-03-01T09:00:00Z",
    }


def a_bomb() -> bytes:
    file = BytesIO()
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
        for _ in range(300):
            part.write(bytes(1 << 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "file", "status"),
    [
        (Kind.CSV, b"", 422),
        (Kind.CSV, b"code,code\nA,B\n", 422),
        (Kind.CSV, b"code,colour\nA,red\n", 422),
        (Kind.CSV, b"code,town\n\xff\xfe,x\n", 422),
        (Kind.CSV, b'code,town\n"A"x,y\n', 422),
        (Kind.XLSX, b"PK\x03\x04 and no more", 422),
        (Kind.XLSX, b"code,town\n", 422),
        (Kind.XLSX, a_bomb(), 413),
    ],
    ids=["empty", "twice", "unknown", "bytes", "quotes", "half", "text", "bomb"],
)
async def test_a_file_that_cannot_be_read_is_refused(
    manager: httpx.AsyncClient, problem_of: Problem, kind: Kind, file: bytes, status: int
) -> None:
    problem_of(await manager.post(f"{DEPOTS}/import", content=file, headers=headers(kind)), status)


async def test_only_files_of_three_kinds_are_taken_from_who_may_write(
    manager: httpx.AsyncClient, user: httpx.AsyncClient, problem_of: Problem
) -> None:
    problem_of(await manager.post(f"{DEPOTS}/import", content=b"x", headers={"Content-Type": "text/html"}), 415)
    problem_of(await user.post(f"{DEPOTS}/import", content=b"x", headers=headers(Kind.CSV)), 403)
    assert (await user.get(f"{DEPOTS}/export")).text == "code,town,secret,id,created_at,updated_at,version\r\n"


async def test_a_large_file_is_imported_by_a_job(
    app: FastAPI, admin: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> None:
    padding = "x" * 1900
    rows = [{"url": f"https://hooks.example.com/{n}?{padding}", "events": ["stores.*"]} for n in range(2300)]
    good = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    path = "/api/v1/webhooks/endpoints"
    for file, total in ((good + b"nonsense\n", 0), (good, 2300)):
        answer = await admin.post(f"{path}/import", content=file, headers=headers(Kind.NDJSON))
        assert answer.status_code == 202, answer.text
        await work()
        job = (await admin.get(answer.headers["location"])).json()
        assert (job["status"], job["result"]["applied"]) == ("succeeded", total > 0), job["error"]
        assert (await admin.get(f"{path}?size=1")).json()["total"] == total
