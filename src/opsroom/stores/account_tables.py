"""Accounts, incidents and data quality as the tables of reports and commands: hours, minutes, per cent."""

import polars as pl

from opsroom.stores.fleet import FleetAccount
from opsroom.stores.uptime import HOUR

MINUTE = HOUR // 60
UTC_TEXT = "%Y-%m-%dT%H:%M:%SZ"


def availability_table(found: FleetAccount) -> pl.DataFrame:
    """One row a store, ordered by store id as text."""
    return found.stores.select(
        "store_id",
        *(in_units(measure, HOUR).alias(f"{word}_hours") for measure, word in MEASURES),
        in_percent("coverage").alias("coverage_percent"),
        in_percent("availability").alias("availability_percent"),
        "incidents",
        in_units("mttr", MINUTE).alias("mttr_minutes"),
        in_units("mtbf", HOUR).alias("mtbf_hours"),
    )


def incident_table(found: FleetAccount) -> pl.DataFrame:
    """One row an incident, by store and start; no end while it goes on."""
    return found.incidents.select(
        "store_id",
        as_instant("start").alias("started_at"),
        pl.when(~pl.col("ongoing")).then(as_instant("end")).alias("ended_at"),
        in_units("downtime", MINUTE).alias("downtime_minutes"),
        pl.when("ongoing").then(pl.lit("down")).otherwise(pl.lit("over")).alias("state"),
        "followed_by",
    )


def quality_table(found: FleetAccount, stores: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """One row a store: what is known of it and what is odd.

    stores: store, external_id, zone of every store; hours: its rows of business hours
    """
    with_hours = hours.group_by("store").agg(pl.len().alias("hours_rows"))
    given = stores.join(with_hours, on="store", how="left").select(
        "zone", store_id="external_id", hours_rows=pl.col("hours_rows").fill_null(0)
    )
    unknown = list(found.quality.unknown_zones)
    named = pl.col("zone").str.strip_chars().fill_null("")
    return found.stores.join(given, on="store_id").select(
        "store_id",
        "zone",
        pl.when(named == "").then(pl.lit("none")).when(named.is_in(unknown)).then(pl.lit("unknown"))
        .otherwise(pl.lit("known")).alias("zone_is"),
        "hours_rows",
        "polls",
        "contradictions",
        as_instant("latest").alias("latest_poll"),
        in_percent("coverage").alias("coverage_percent"),
    )  # fmt: skip


MEASURES = (("open", "open"), ("up", "uptime"), ("down", "downtime"), ("unknown", "unknown"))


def in_units(name: str, unit: int) -> pl.Expr:
    """Microseconds to hundredths of a unit, half rounded up."""
    return ((pl.col(name) * 100 + unit // 2) // unit / 100).cast(pl.Float64)


def in_percent(name: str) -> pl.Expr:
    """A fraction to hundredths of a per cent, cut and not rounded, so that 99.999 % never reads as 100."""
    return (pl.col(name) * 10_000 + 1e-9).floor() / 100


def as_instant(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("us")).dt.strftime(UTC_TEXT)
