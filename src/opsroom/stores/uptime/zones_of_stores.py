"""Which time zone a store is in, from the rows that say so."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from opsroom.stores.uptime.zones import Int64s, known_zone


@dataclass(frozen=True, slots=True)
class ZonesOfStores:
    """Zone names, the default first, and for each store the number of its zone; how many stores had what trouble."""

    names: list[str]
    of_store: Int64s
    without: int
    mistaken: int
    conflicting: int
    unknown: tuple[str, ...]


def assign_zones(stores: int, number: Int64s, names: pl.Series, default_zone: str) -> ZonesOfStores:
    """Of several rows of a store the last with a known zone counts; a store without one takes the default."""
    rows = pl.DataFrame({"store": number, "name": names.cast(pl.String).str.strip_chars()})
    named = rows.filter(pl.col("name").fill_null("") != "")
    spellings = named["name"].unique().sort().to_list()
    good = [name for name in spellings if known_zone(name) is not None]
    order = [default_zone, *(name for name in good if name != default_zone)]
    recognised = named.filter(pl.col("name").is_in(good))
    of_store = np.zeros(stores, dtype=np.int64)
    place = recognised["name"].replace_strict(order, range(len(order)), return_dtype=pl.Int64)
    of_store[recognised["store"].to_numpy()] = place.to_numpy()
    return ZonesOfStores(
        order,
        of_store,
        without=stores - named["store"].n_unique(),
        mistaken=named.join(recognised, on="store", how="anti")["store"].n_unique(),
        conflicting=recognised.unique().height - recognised["store"].n_unique(),
        unknown=tuple(name for name in spellings if name not in set(good)),
    )
