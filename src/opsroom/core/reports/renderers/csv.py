"""CSV: a header, then the rows; two decimals wherever a number is not whole."""

from pathlib import Path

from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.tabular.frames import neutralised


def write_csv(table: ReportTable, _asked: Asked, path: Path) -> None:
    neutralised(table.frame).write_csv(path, float_precision=2, line_terminator="\n")
