"""CSV: a header, then the rows; two decimals wherever a number is not whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsroom.core.reports.declaration import ReportTable


def write_csv(table: ReportTable, _parameters: Mapping[str, Any], path: Path) -> None:
    table.frame.write_csv(path, float_precision=2, line_terminator="\n")
