"""PDF by typst: PDF/A with tags, in fonts that come with this package, so that all machines make the same bytes."""

import json
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.laid_out import laid_out

HERE = files("opsroom.core.reports")
EPOCH = 0  # of a document that speaks of no instant
PLAIN = frozenset(map(chr, range(0x20, 0x7F))) | {"\n", "\t"}
ONE_LETTER = '#set text(font: ("Inter", "DejaVu Sans Mono"))\n#sys.inputs.letter'


def write_pdf(table: ReportTable, asked: Asked, path: Path) -> None:
    report = drawable(laid_out(asked, table, on_paper=True))
    at = int(table.as_of.timestamp()) if table.as_of else EPOCH
    path.write_bytes(_compile((HERE / "templates" / "report.typ").read_bytes(), {"report": json.dumps(report)}, at))


def drawable(value: Any) -> Any:
    """The same with letters that no font here has written as `[U+5317]`: PDF/A allows no empty boxes."""
    if isinstance(value, str):
        return "".join(
            letter if letter in PLAIN or _has_shape(letter) else f"[U+{ord(letter):04X}]" for letter in value
        )
    if isinstance(value, dict):
        return {name: drawable(each) for name, each in value.items()}
    return [drawable(each) for each in value] if isinstance(value, list) else value


def _compile(source: bytes, inputs: dict[str, str], at: int) -> bytes:
    compiler = typst.Compiler(source, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=inputs)
    made = compiler.compile(format="pdf", pdf_standards=["a-2a"], timestamp=max(at, EPOCH))
    assert isinstance(made, bytes)  # noqa: S101  one document gives one file
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(HERE / "fonts")])


@lru_cache(maxsize=20_000)
def _has_shape(letter: str) -> bool:
    try:
        _compile(ONE_LETTER.encode(), {"letter": letter}, EPOCH)
    except typst.TypstError:
        return False
    return True
