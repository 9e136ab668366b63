"""What the shapes of the quality app have in common."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e300, le=1e300)]


class Kept(BaseModel):
    """The fields that every record ends with."""

    created_at: datetime
    updated_at: datetime
    version: int


class Identified(BaseModel):
    id: UUID
