"""What came of a file of rows."""

from pydantic import BaseModel, Field

from opsroom.core.tabular.records import Problem

SHOWN_ERRORS = 1000


class RowError(BaseModel):
    row: int = Field(description="as a spreadsheet counts: the header is row 1; of NDJSON the line")
    field: str | None
    message: str = Field(description="what was expected")


class ImportReport(BaseModel):
    rows: int = 0
    created: int = 0
    replaced: int = 0
    refused: int = 0
    applied: bool = Field(False, description="whether anything was written for good")
    errors: list[RowError] = Field(default=[], description=f"the first {SHOWN_ERRORS}")

    def refuse(self, row: int, problems: list[Problem]) -> None:
        self.refused += 1
        room = SHOWN_ERRORS - len(self.errors)
        self.errors += [RowError(row=row, field=field, message=message) for field, message in problems[:room]]
