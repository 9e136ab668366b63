"""CSV: a header, then the rows; two decimals wherever a number is not whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors

from opsroom.core.reports.declaration import ReportTable

# A spreadsheet would run a text that begins so as a formula; after an apostrophe it shows it.
FORMULA = r"^[=+\-@\t\r]"


def write_csv(table: ReportTable, _parameters: Mapping[str, Any], path: Path) -> None:
    texts = selectors.string() | selectors.categorical() | selectors.enum()
    shown = table.frame.with_columns(texts.cast(pl.String).str.replace(FORMULA, "'${0}"))
    shown.write_csv(path, float_precision=2, line_terminator="\n")
