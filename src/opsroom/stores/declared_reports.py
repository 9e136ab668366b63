"""All report types of the stores app."""

from typing import Any

from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportType
from opsroom.stores import reports
from opsroom.stores.sla.reports import statement_report_type
from opsroom.stores.window_reports import window_report_types


def report_types(parts: Parts) -> list[ReportType[Any]]:
    return [*reports.report_types(parts), *window_report_types(parts), statement_report_type(parts)]
