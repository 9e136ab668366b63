"""`opsroom quality import` and `verify`, on a database."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.conftest import SECRET
from tests.quality.conftest import BORE, make_world
from typer.testing import CliRunner, Result
from xlsxwriter import Workbook

from opsroom.core.db.engine import Database
from opsroom.quality.cli import group

Quality = Callable[..., Result]


@pytest.fixture
def quality(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Quality:
    monkeypatch.setenv("OPSROOM_DATABASE_URL", database_url)
    monkeypatch.setenv("OPSROOM_SECRET_KEY", SECRET)
    monkeypatch.setenv("OPSROOM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(group, arguments)


def rows(url: str, query: str) -> list[Any]:
    async def read() -> list[Any]:
        database = Database(url)
        async with database.reading() as connection:
            found = [tuple(row) for row in await connection.execute(text(query))]
        await database.close()
        return found

    return asyncio.run(read())


def write(url: str, *statements: str) -> None:
    async def change() -> None:
        database = Database(url)
        async with database.transaction() as session:
            for statement in statements:
                await session.execute(text(statement))
        await database.close()

    asyncio.run(change())


def with_a_world(url: str) -> None:
    async def make() -> None:
        database = Database(url)
        async with database.transaction() as session:
            await make_world(session)
        await database.close()

    asyncio.run(make())


def test_parts_lots_and_measurements_come_in_by_files(quality: Quality, database_url: str, tmp_path: Path) -> None:
    limits = json.dumps(BORE).replace('"', '""')
    (tmp_path / "parts.csv").write_text(
        f'part_number,revision,name,type,specifications\nBRK,A,Bracket,component,"{limits}"\n'
    )
    (tmp_path / "gauges.csv").write_text("gauge_number,name,calibration_due\nG-7,Bore gauge,2199-01-01\n")
    with Workbook(tmp_path / "lots.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("lot_number", "part_id", "quantity"), ("L-7", "BRK", 500)]):
            sheet.write_row(number, 0, row)
    for records, file in (("parts", "parts.csv"), ("gauges", "gauges.csv"), ("lots", "lots.xlsx")):
        done = quality("import", file, "--records", records)
        assert (done.exit_code, done.stdout) == (0, "1 created, 0 replaced, 0 refused of 1 rows\n"), done.output
    assert rows(database_url, "SELECT lot_number, quantity FROM lots") == [("L-7", 500)]
    by_hand = rows(database_url, "SELECT DISTINCT user_name FROM audit_log WHERE table_name = 'lots'")
    assert by_hand == [("command line",)]

    header = "inspection_id,characteristic,unit_number,value,gauge_id,manual\n"
    good = "".join(f"L-7,bore,{unit},12.0{unit},G-7,false\n" for unit in (1, 2, 3))
    (tmp_path / "values.csv").write_text(header + good)
    early = quality("import", "values.csv")
    assert (early.exit_code, "The lot L-7 has no inspection under way" in early.stdout) == (1, True)
    write(
        database_url,
        "INSERT INTO inspections (id, lot_id, part_revision_id, type, status) SELECT lots.id, lots.id, r.id, 'final', "
        "'pending' FROM lots, part_revisions r",
        "UPDATE inspections SET status = 'in_progress', started_at = CURRENT_TIMESTAMP",
    )
    (tmp_path / "bad.csv").write_text(f"{header}{good}L-7,bore,4,NaN,G-7,false\n")
    bad = quality("import", "bad.csv", "--json")
    assert bad.exit_code == 1
    report = json.loads(bad.stdout)
    assert (report["applied"], [(each["row"], each["field"]) for each in report["errors"]]) == (False, [(5, "value")])
    assert rows(database_url, "SELECT count(*) FROM measurements") == [(0,)]
    assert quality("import", "values.csv", "--dry-run").stdout.endswith("nothing was written\n")
    assert quality("import", "values.csv").exit_code == 0
    assert rows(database_url, "SELECT count(*) FROM measurements WHERE within_limits") == [(3,)]
    again = quality("import", "values.csv")
    assert (again.exit_code, again.stdout.count("row ")) == (1, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "values.txt"), "expected a file that ends with"),
        (("import", "values.csv", "--records", "dragons"), "dragons is not one of parts, lots"),
        (("import", "values.csv", "--records", "lots"), "there is no dragon"),
        (("import", "absent.csv"), "does not exist"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_a_sentence(
    quality: Quality, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    for name in ("values.txt", "values.csv"):
        (tmp_path / name).write_text("dragon\nsmall\n")
    done = quality(*arguments)
    assert done.exit_code == 2
    assert words in " ".join(done.output.replace("│", " ").split())


def test_a_signature_that_does_not_fit_is_found(quality: Quality, database_url: str) -> None:
    """Those of `make_world` are made by raw means: their content is no record."""
    with_a_world(database_url)
    done = quality("verify", "L-0", "--json")
    assert done.exit_code == 1
    (verdict,) = json.loads(done.stdout)
    assert (verdict["lot_number"], verdict["signatures"], verdict["sealed"]) == ("L-0", 1, 0)
    assert "the review signed by wanjiru was made on another record" in verdict["findings"]
    assert quality("verify", "L-1").stdout.startswith("L-1: all is well; 0 signatures")
    assert quality("verify").stdout == "", "no lot is decided yet"
    unknown = quality("verify", "none")
    assert (unknown.exit_code, "There is no lot none" in unknown.stderr) == (2, True)
