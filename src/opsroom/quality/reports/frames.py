"""What the reports of quality have in common: rows into columns, and what they rest on as a hash."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from pydantic import BaseModel

Schema = Mapping[str, type[pl.DataType]]


def frame_of(rows: Iterable[Sequence[Any]], schema: Schema) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema=dict(schema), orient="row")


def fingerprint_of(frame: pl.DataFrame, parameters: BaseModel, *more: str) -> str:
    """Of every row in its order, and of what was asked."""
    hashed = hashlib.sha256(frame.write_csv().encode())
    for each in (parameters.model_dump_json(), *more):
        hashed.update(each.encode())
    return hashed.hexdigest()


def text_of(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def words(value: object) -> str:
    return str(value).replace("_", " ")
