"""CSV: a header, then the rows; two decimals wherever a number is not whole."""

from pathlib import Path

import polars as pl
from polars import selectors

from opsroom.core.reports.declaration import Asked, ReportTable

# A spreadsheet would run a text that begins so as a formula; after an apostrophe it shows it.
FORMULA = r"^[=+\-@\t\r]"


def write_csv(table: ReportTable, _asked: Asked, path: Path) -> None:
    texts = selectors.string() | selectors.categorical() | selectors.enum()
    shown = table.frame.with_columns(texts.cast(pl.String).str.replace(FORMULA, "'${0}"))
    shown.write_csv(path, float_precision=2, line_terminator="\n")
