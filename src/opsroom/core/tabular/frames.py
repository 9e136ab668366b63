"""Frames as CSV that a spreadsheet may open: the rule of `cells`, for whole columns, without importing a database."""

import polars as pl
from polars import selectors

# A spreadsheet would run a text that begins so as a formula; after an apostrophe it shows it.
FORMULA = r"^(?:\s*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]|[\t\r\n])"


def neutralised(frame: pl.DataFrame) -> pl.DataFrame:
    texts = selectors.string() | selectors.categorical() | selectors.enum()
    return frame.with_columns(texts.cast(pl.String).str.replace(FORMULA, "'${0}"))
