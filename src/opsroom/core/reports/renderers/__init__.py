"""From a computed table to bytes: the same table and parameters give the same bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsroom.core.reports.declaration import ReportTable
from opsroom.core.reports.models import ReportFormat
from opsroom.core.reports.renderers.csv import write_csv
from opsroom.core.reports.renderers.json import write_json


@dataclass(frozen=True, slots=True)
class Renderer:
    write: Callable[[ReportTable, Mapping[str, Any], Path], None]
    media_type: str


RENDERERS: Mapping[ReportFormat, Renderer] = {
    ReportFormat.CSV: Renderer(write_csv, "text/csv; charset=utf-8"),
    ReportFormat.JSON: Renderer(write_json, "application/json"),
}
