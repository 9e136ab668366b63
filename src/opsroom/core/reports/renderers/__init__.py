"""From a computed table to bytes: the same table and parameters give the same bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from opsroom.core.reports.declaration import Asked, ReportTable
from opsroom.core.reports.models import ReportFormat
from opsroom.core.reports.renderers.csv import write_csv
from opsroom.core.reports.renderers.html import write_html
from opsroom.core.reports.renderers.json import write_json
from opsroom.core.reports.renderers.pdf import write_pdf
from opsroom.core.reports.renderers.xlsx import write_xlsx


@dataclass(frozen=True, slots=True)
class Renderer:
    write: Callable[[ReportTable, Asked, Path], None]
    media_type: str


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RENDERERS: Mapping[ReportFormat, Renderer] = {
    ReportFormat.CSV: Renderer(write_csv, "text/csv; charset=utf-8"),
    ReportFormat.JSON: Renderer(write_json, "application/json"),
    ReportFormat.XLSX: Renderer(write_xlsx, XLSX),
    ReportFormat.HTML: Renderer(write_html, "text/html; charset=utf-8"),
    ReportFormat.PDF: Renderer(write_pdf, "application/pdf"),
}
