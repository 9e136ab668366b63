"""A document as plain values for a template: texts, rows of cells, drawn charts. HTML and PDF read the same."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from io import BytesIO
from typing import Any

import segno

from opsroom.core.charts import Chart, draw
from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.document import (
    Block,
    Code,
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
from opsroom.core.reports.figures import facts_of, instant, shown, words, zone_data_version

LONGEST_COLUMN = 40  # letters that a column's width grows with


def laid_out(asked: Asked, table: ReportTable, *, on_paper: bool) -> dict[str, Any]:
    """on_paper: tables are cut to what paper takes, and pictures carry their own style."""
    document = document_of(asked, table)
    block = partial(_block, on_paper=on_paper)
    return {
        "title": document.title,
        "lead": document.lead,
        "author": "Opsroom",
        "facts": [_fact(each) for each in document.facts],
        "sections": [_section(each, block) for each in document.sections],
        "code": _code(document.code) if document.code else None,
        "basis": [{"name": name, "value": value} for name, value in basis(asked, table)],
        "foot": f"{asked.type} · {_as_of(table)} · input {table.fingerprint[:16]}",
    }


def document_of(asked: Asked, table: ReportTable) -> Document:
    """The declared one, or else the summary as facts and the rows as a table."""
    if table.document is not None:
        return table.document()
    rows = Table(table.frame, table.columns)
    return Document(asked.title, facts=facts_of(table.summary), sections=[Section("Rows", [rows])])


def basis(asked: Asked, table: ReportTable) -> list[tuple[str, str]]:
    """What the bytes depend on; the time of generation is not among it."""
    given = {name: value for name, value in sorted(asked.parameters.items()) if value is not None}
    return [
        ("Report", asked.type),
        ("Parameters", words(given) if given else "none"),
        ("As of", instant(table.as_of) if table.as_of else "no instant"),
        ("Rows", f"{table.frame.height:,}"),
        ("Input fingerprint (SHA-256)", table.fingerprint),
        ("Engine version", table.engine_version),
        ("Time-zone data", zone_data_version()),
    ]


def _as_of(table: ReportTable) -> str:
    return f"as of {instant(table.as_of)}" if table.as_of else f"engine {table.engine_version}"


def _section(section: Section, block: Any) -> dict[str, Any]:
    return {
        "title": section.title,
        "new_page": section.new_page,
        "blocks": [block(each) for each in section.blocks],
    }


def _block(block: Block, *, on_paper: bool) -> Mapping[str, Any]:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case Facts():
            return {"type": "facts", "facts": [_fact(each) for each in block.facts]}
        case Table():
            return _table(block, block.paper_rows if on_paper else block.screen_rows)
        case Picture():
            return _picture(block.chart, block.note, on_paper=on_paper)
        case Signatures():
            return {"type": "signatures", "signatures": [_signature(each) for each in block.signatures]}
        case Code():
            return _code(block)


def _fact(fact: Fact) -> dict[str, Any]:
    return asdict(fact) | {"kind": fact.kind or ""}


def _table(table: Table, limit: int) -> dict[str, Any]:
    seen = shown(table, limit)
    longest = [
        max([_letters(label), *(len(row[place].text) for row in seen.rows)])
        for place, (label, _) in enumerate(seen.header)
    ]
    return {
        "type": "table",
        "caption": table.caption,
        "header": [{"label": label, "align": align} for label, align in seen.header],
        "widths": [min(letters, LONGEST_COLUMN) + 2 for letters in longest],
        "rows": [[{"text": cell.text, "kind": cell.kind} for cell in row] for row in seen.rows],
        "cut": seen.cut,
    }


def _letters(label: str) -> int:
    """A header may break between words."""
    return max(len(word) for word in (label or " ").split(" "))


def _picture(chart: Chart, note: str, *, on_paper: bool) -> dict[str, Any]:
    return {"type": "picture", "title": chart.title, "svg": draw(chart, alone=on_paper), "note": note}


def _signature(signature: Signature) -> dict[str, str]:
    at = instant(signature.signed_at) if signature.signed_at else ""
    return {"name": signature.name, "meaning": signature.meaning, "signed_at": at, "note": signature.note}


def _code(code: Code) -> dict[str, str]:
    drawn = BytesIO()
    segno.make(code.address, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, nl=False, border=2, dark="#000", light="#fff", omitsize=True
    )
    return {"type": "code", "address": code.address, "caption": code.caption, "svg": drawn.getvalue().decode()}
