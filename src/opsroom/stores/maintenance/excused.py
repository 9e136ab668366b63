"""Which closed time of a timeline is maintenance: it would have been open."""

import polars as pl

STATES = pl.Enum(("closed", "excused", "unknown", "down", "up"))


def with_excused(spans: pl.DataFrame, opened: pl.DataFrame) -> pl.DataFrame:
    """The timeline with the state `excused` where it is closed although the business hours say open.

    spans: store, start, end, state, computed without maintenance time
    opened: the timeline of the same stores and window with maintenance time in it, of which only closed or not counts
    """
    ends = spans.group_by("store").agg(pl.col("end").max().alias("last"))
    pieces = (
        pl.concat([spans.select("store", "start"), opened.select("store", "start")])
        .unique()
        .join(spans.select("store", "start", pl.col("state").cast(STATES)), on=("store", "start"), how="left")
        .join(opened.select("store", "start", is_open=pl.col("state") != "closed"), on=("store", "start"), how="left")
        .sort("store", "start")
        .with_columns(pl.col("state", "is_open").forward_fill().over("store"))
        .with_columns(pl.when((pl.col("state") != "closed") | ~pl.col("is_open")).then("state").otherwise(_EXCUSED))
    )
    same = (pl.col("state") == pl.col("state").shift()) & (pl.col("store") == pl.col("store").shift())
    return (
        pieces.filter(~same.fill_null(value=False))
        .join(ends, on="store")
        .sort("store", "start")
        .select(
            "store", "start", pl.col("start").shift(-1).over("store").fill_null(pl.col("last")).alias("end"), "state"
        )
    )


_EXCUSED = pl.lit("excused", STATES)
