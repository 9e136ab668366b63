"""What does the trail say of one record?"""

import json
from typing import Literal

import polars as pl
from pydantic import BaseModel, Field

from opsroom import __version__
from opsroom.core.audit.queries import history_of
from opsroom.core.jobs.handler import Permanent, Run
from opsroom.core.parts import Parts
from opsroom.core.reports.declaration import ReportTable
from opsroom.core.reports.document import Column
from opsroom.quality.reports.frames import fingerprint_of, frame_of, text_of

SCHEMA = {
    "entry": pl.Int64, "at": pl.String, "who": pl.String, "action": pl.String, "event": pl.String,
    "before": pl.String, "after": pl.String, "reason": pl.String,
}  # fmt: skip
COLUMNS = (
    Column("entry"),
    Column("at", "When", "UTC", instant=True),
    *map(Column, ("who", "action", "event", "before", "after", "reason")),
)
MOST = 20_000
TableName = Literal[
    "parts", "lots", "inspections", "defects", "measurements", "nonconformances", "corrective_actions", "signatures",
    "gauges", "stations", "inference_jobs",
]  # fmt: skip


class ExtractParameters(BaseModel):
    table: TableName
    record_id: str = Field(min_length=1, max_length=80, description="the record's id")


class AuditExtract:
    def __init__(self, parts: Parts) -> None:
        self._database = parts.database

    async def compute(self, parameters: ExtractParameters, _run: Run) -> ReportTable:
        async with self._database.reading() as connection:
            entries = await history_of(connection, parameters.table, parameters.record_id.lower(), MOST)
        if not entries:
            raise Permanent(f"The trail knows no {parameters.record_id} in {parameters.table}; give the record's id.")
        frame = frame_of(
            (
                (
                    each["id"], text_of(each["at"]), each["user_name"], each["action"], each["event"],
                    _json(each["before"]), _json(each["after"]), each["reason"],
                )
                for each in entries
            ),
            SCHEMA,
        )  # fmt: skip
        return ReportTable(
            frame,
            max(each["at"] for each in entries),
            fingerprint_of(frame, parameters),
            __version__,
            summary={"entries": frame.height, "people": frame["who"].n_unique()},
            columns=COLUMNS,
        )


def _json(fields: dict[str, object] | None) -> str | None:
    return None if fields is None else json.dumps(fields, sort_keys=True, ensure_ascii=False)
