"""What an app declares to have a report."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import polars as pl
from pydantic import BaseModel

from opsroom.core.jobs.handler import Run
from opsroom.core.reports.document import Column, Document

P = TypeVar("P", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A computed report: rows, and what they depend on.

    frame: the rows in their final order, numbers already rounded
    as_of: the instant the result speaks of
    fingerprint: SHA-256 over everything the result depends on
    summary: a few figures for lists and pages
    columns: how the frame's columns are shown to people; by default all of them, units taken from their names
    document: what is said to people beside the rows, asked for only when a format shows it (HTML, PDF, XLSX); by
        default the summary as facts and the rows as a table
    """

    frame: pl.DataFrame
    as_of: datetime | None
    fingerprint: str
    engine_version: str
    summary: dict[str, Any] = field(default_factory=dict)
    columns: Sequence[Column] = ()
    document: Callable[[], Document] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wanted to know: the report's type, its title, and the parameters as they are kept."""

    type: str
    title: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReportType(Generic[P]):
    """A kind of report.

    name: `<app>.<noun>`
    parameters: shape of what may be asked
    compute: parameters → table; runs outside any transaction and reports progress
    exclusive: at most one unfinished run, enforced by the database
    permission: needed to ask for, read and download it
    file_name: of the download, without ending; `{id}` is the report's id
    """

    name: str
    title: str
    parameters: type[P]
    compute: Callable[[P, Run], Awaitable[ReportTable]]
    permission: str
    exclusive: bool = False
    file_name: str = "report_{id}"
