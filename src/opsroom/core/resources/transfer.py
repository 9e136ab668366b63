"""Whole lists out, and files of records in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from opsroom.core.actor import Actor
from opsroom.core.db.engine import Database
from opsroom.core.db.session import attempt
from opsroom.core.db.views import Listing
from opsroom.core.errors import Invalid, Refusal
from opsroom.core.resources.crud import create_items, get_all_pages, put_item
from opsroom.core.resources.declaration import Resource
from opsroom.core.tabular.records import ReadRow, read_file, write_file
from opsroom.core.tabular.report import ImportReport
from opsroom.core.tabular.writing import Kind


class BadRows(StrEnum):
    REFUSE = "refuse"
    SKIP = "skip"


class ImportAsked(BaseModel):
    """bad_rows: whether one bad row keeps all others out
    replace: whether a record whose natural key is there already is replaced
    """

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = False
    bad_rows: BadRows = BadRows.REFUSE
    replace: bool = False


Then = Callable[[list[ReadRow], ImportReport], Awaitable[None]]


def export(
    database: Database,
    resource: Resource,
    listing: Listing,
    kind: Kind,
    scratch: Path,
    place: tuple[Actor, UUID | None],
) -> AsyncIterator[bytes]:
    """Every match as a file, in pieces."""
    pages = get_all_pages(database, resource, listing, *place)
    return write_file(pages, resource.fields, listing.fields or resource.shown, kind, scratch)


async def look_through(resource: Resource, path: Path, kind: Kind, then: Then) -> ImportReport:
    """Read a file of records to its end, a few hundred at a time, each time with what is to be done with the good ones.

    Raises:
        Invalid, TooLarge: the file cannot be read at all.
    """
    assert resource.create is not None  # noqa: S101  there is no import without it
    report = ImportReport()
    batches = read_file(path, kind, resource.create, resource.fields, passed_over=resource.read.model_fields)
    while batch := await asyncio.to_thread(next, batches, None):
        report.rows += len(batch)
        for row in batch:
            if row.values is None:
                report.refuse(row.number, row.problems)
        await then([row for row in batch if row.values is not None], report)
    return report


async def import_file(
    session: AsyncSession,
    resource: Resource,
    path: Path,
    kind: Kind,
    asked: ImportAsked,
    place: tuple[Actor, UUID | None],
) -> ImportReport:
    """Write a file's records in the caller's transaction; none, if a bad one is not to be skipped, or for a trial.

    Raises:
        Invalid, TooLarge: as `look_through`
    """
    if asked.replace and "put" not in resource.verbs:
        raise Invalid(f"A {resource.words} has no natural key by which one could be replaced.", parameter="replace")

    async def write(good: list[ReadRow], report: ImportReport) -> None:
        # Once nothing can be applied any more, the rest is only read for what else is wrong.
        if not report.refused or asked.bad_rows is BadRows.SKIP:
            await _write(session, resource, good, report, replace=asked.replace, place=place)

    writing = await session.begin_nested()
    report = await look_through(resource, path, kind, write)
    report.applied = not asked.dry_run and (not report.refused or asked.bad_rows is BadRows.SKIP)
    await (writing.commit() if report.applied else writing.rollback())
    return report


async def _write(
    session: AsyncSession,
    resource: Resource,
    rows: list[ReadRow],
    report: ImportReport,
    *,
    replace: bool,
    place: tuple[Actor, UUID | None],
) -> None:
    values: list[Any] = [row.values for row in rows]
    if replace:
        puts = (put_item(session, resource, str(each[resource.key]), each, *place) for each in values)
        done: list[Any] = [await attempt(session, put) for put in puts]
    else:
        done = list(await create_items(session, resource, values, *place))
    for row, outcome in zip(rows, done, strict=True):
        if isinstance(outcome, Refusal):
            report.refuse(row.number, [(_field_of(outcome), outcome.sentence)])
        elif replace and not outcome[1]:
            report.replaced += 1
        else:
            report.created += 1


def _field_of(refusal: Refusal) -> str | None:
    named = refusal.facts.get("fields") or [refusal.facts.get("field")]
    return ", ".join(name for name in named if name) or None
