"""The files of archives: Parquet, compressed by zstd, sorted by site and instant.

Columns: site (int32), observed_at (int64, microseconds UTC), seen (int8, as in the table).
"""

from pathlib import Path

import polars as pl

MEDIA_TYPE = "application/vnd.apache.parquet"
ROWS_PER_GROUP = 1 << 17  # one store's rows are looked for in as few groups as hold its key
SCHEMA = pl.Schema({"site": pl.Int32, "observed_at": pl.Int64, "seen": pl.Int8})


def write_archive(rows: pl.DataFrame, path: Path) -> None:
    """rows: store, observed_at, seen, sorted by the first two, no key twice"""
    frame = rows.select(site="store", observed_at="observed_at", seen="seen").cast(SCHEMA)
    frame.write_parquet(path, compression="zstd", row_group_size=ROWS_PER_GROUP, statistics=True)


def read_archive(path: Path, sites: pl.Series | None = None) -> pl.DataFrame:
    """store, observed_at, seen as whole numbers of 64 bits; of these sites, or of all."""
    rows = pl.scan_parquet(path)
    if sites is not None:
        # The range spares reading groups of other stores; the rest is chosen row by row.
        rows = rows.filter(pl.col("site").is_between(sites.min(), sites.max()))
        rows = rows.filter(pl.col("site").is_in(sites.cast(pl.Int32).implode()))
    return rows.select(store="site", observed_at="observed_at", seen="seen").cast(pl.Int64).collect()
