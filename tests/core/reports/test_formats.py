"""One computed report in five formats: what each says, that it is safe to open, and that bytes repeat."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from opsroom.core.charts import Bar, BarChart
from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.document import (
    Code,
    Column,
    Document,
    Fact,
    Facts,
    Picture,
    Section,
    Signature,
    Signatures,
    Table,
    Text,
)
from opsroom.core.reports.figures import shown, words, zone_data_version
from opsroom.core.reports.laid_out import laid_out
from opsroom.core.reports.models import ReportFormat
from opsroom.core.reports.renderers import RENDERERS
from opsroom.core.reports.renderers.pdf import drawable

AS_OF = datetime(2026, 1, 25, 18, 13, 22, tzinfo=UTC)
ASKED = Asked("tests.many", "Which sites were open?", {"zone": None, "profile": "strict"})
ADDRESS = "https://opsroom.example/audit/proof/0197"
FRAME = pl.DataFrame(
    {
        "site": ["0042", "=1+1", "北京 😀\x07"],
        "open_hours": [1.5, 1 / 3, None],
        "polls": [12_345, 0, 2**60],
        "seen_at": ["2026-03-02T09:00:00Z", None, "2026-03-02T10:30:00Z"],
        "state": ["up", "down", None],
    }
)
COLUMNS = (
    Column("site", "Site"),
    Column("open_hours"),
    Column("polls"),
    Column("seen_at", "Seen", "UTC", instant=True),
    Column("state", "State", states=(("up", "up"), ("down", "down"))),
)


def document() -> Document:
    return Document(
        "Which sites <b>were</b> open?",
        "Two of three.",
        [Fact("open", "2", "of 3", "up")],
        [
            Section("Picture", [Text("One\ntwo"), Picture(BarChart("Hours", [Bar("0042", 1.5)]))]),
            Section("Rows", [Facts([Fact("a", "b")]), Table(FRAME, COLUMNS, "Sites", sheet="Rows")], new_page=True),
            Section("Signed", [Signatures([Signature("Ada", "release", AS_OF), Signature("Bob", "review")])]),
        ],
        Code(ADDRESS, "The proof"),
    )


DECLARED = ReportTable(FRAME, AS_OF, "f" * 64, "1.0", {"sites": 3}, COLUMNS, document)
BY_DEFAULT = ReportTable(FRAME, None, "e" * 64, "1.0", {"sites": 3, "window": {"start": "a"}})
EMPTY = ReportTable(FRAME.clear(), AS_OF, "0" * 64, "1.0")

Render = Callable[..., bytes]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def write(kind: str, table: ReportTable = DECLARED) -> bytes:
        path = tmp_path / "report"
        RENDERERS[ReportFormat(kind)].write(table, ASKED, path)
        return path.read_bytes()

    return write


@pytest.mark.parametrize("kind", list(ReportFormat))
@pytest.mark.parametrize("table", [DECLARED, BY_DEFAULT, EMPTY], ids=["declared", "by default", "empty"])
def test_the_same_table_gives_the_same_bytes(
    render: Render, kind: str, table: ReportTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = render(kind, table)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 90_000)
    assert render(kind, table) == first
    assert len(first) > 20


def cells(content: bytes, path: Path) -> dict[str, list[list[Any]]]:
    path.write_bytes(content)
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_has_typed_cells_and_says_what_it_rests_on(render: Render, tmp_path: Path) -> None:
    sheets = cells(render("xlsx"), tmp_path / "book.xlsx")
    assert list(sheets) == ["Rows", "Rows 2", "About"]
    head, first, second, third = sheets["Rows"]
    assert head == ["Site", "Open, h", "Polls", "Seen, UTC", "State"]
    assert first == ["0042", 1.5, 12_345, datetime(2026, 3, 2, 9), "up"]  # noqa: DTZ001  a workbook knows no zones
    assert second == ["=1+1", pytest.approx(1 / 3), 0, "", "down"]
    assert third[2] == str(2**60), "more figures than a workbook's numbers have"
    about = dict(map(tuple, sheets["About"]))
    assert about["As of"] == "2026-01-25 18:13:22 UTC"
    assert about["Input fingerprint (SHA-256)"] == "f" * 64
    assert about["Parameters"] == "profile strict"
    assert about["Time-zone data"] == zone_data_version()
    assert about["The proof"] == ADDRESS


def test_a_workbook_runs_nothing(render: Render, tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": ["=1+1", "{=1}", "http://evil.example", "mailto:x", "@SUM(A1)", "+1", "x" * 40_000]})
    sheets = cells(render("xlsx", ReportTable(frame, AS_OF, "f", "1")), tmp_path / "book.xlsx")
    assert [row[0] for row in sheets["Rows"][1:7]] == frame["text"].to_list()[:6]
    assert len(sheets["Rows"][7][0]) == 32_767


class Found(HTMLParser):
    """What a page would fetch, run, or go to."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"} or name.startswith("on")]


def test_a_page_stands_alone_and_holds_no_foreign_markup(render: Render) -> None:
    text = render("html").decode()
    found = Found()
    found.feed(text)
    assert not {"script", "link", "img", "iframe", "b"} & set(found.elements)
    assert found.addresses == [ADDRESS]
    assert "url(" not in text.replace("url(#hatch)", "").replace("url(#stripe)", "")
    assert "&lt;b&gt;were&lt;/b&gt;" in text
    assert "prefers-color-scheme: dark" in text
    for said in ("2026-01-25 18:13:22 UTC", "f" * 64, "1.0", zone_data_version(), "12,345", "北京"):
        assert said in text
    assert re.search(r"signed 2026-01-25", text)


def test_a_pdf_is_one_for_archives_and_takes_letters_that_no_font_has(render: Render) -> None:
    content = render("pdf")
    assert content.startswith(b"%PDF-1.7")
    assert b"pdfaid:part" in content
    assert b"/Lang" in content


def test_letters_that_no_font_has_are_named_on_paper() -> None:
    assert drawable(["Ä–→µ", {"name": "北\x07"}]) == ["Ä–→µ", {"name": "[U+5317][U+0007]"}]


MANY = pl.DataFrame({"site": [f"S-{at:03}" for at in range(500)], "availability": [at % 97 / 97 for at in range(500)]})


def test_a_long_table_is_cut_to_the_worst_and_says_so() -> None:
    seen = shown(Table(MANY, worst="availability"), 10)
    assert [row[0].text for row in seen.rows] == [
        "S-000", "S-097", "S-194", "S-291", "S-388", "S-485", "S-001", "S-098", "S-195", "S-292",
    ]  # fmt: skip
    assert seen.cut.startswith("The 10 worst of 500 rows: those with the lowest availability.")
    highest = shown(Table(MANY, worst="-availability"), 3)
    assert [row[0].text for row in highest.rows] == ["S-096", "S-193", "S-290"]
    assert "highest" in highest.cut
    assert "The first 3 of 500 rows." in shown(Table(MANY), 3).cut
    assert not shown(Table(MANY), 500).cut


def test_a_workbook_holds_what_paper_leaves_out(render: Render, tmp_path: Path) -> None:
    table = ReportTable(MANY, AS_OF, "f", "1", document=lambda: Document("t", sections=[Section("s", [Table(MANY)])]))
    assert len(cells(render("xlsx", table), tmp_path / "book.xlsx")["Rows"]) == 501
    paper = laid_out(ASKED, table, on_paper=True)["sections"][0]["blocks"][0]
    screen = laid_out(ASKED, table, on_paper=False)["sections"][0]["blocks"][0]
    assert (len(paper["rows"]), len(screen["rows"]), screen["cut"]) == (200, 500, "")
    assert "The first 200 of 500 rows" in paper["cut"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (True, "yes"),
        (-1234, "−1,234"),
        (1234.5, "1,234.50"),
        (AS_OF, "2026-01-25 18:13:22 UTC"),
        (["a", None], "a, –"),
        ({"a": 1}, "a 1"),
        ("<b>", "<b>"),
    ],
)
def test_values_are_written_as_people_read_them(value: object, expected: str) -> None:
    assert words(value) == expected
