"""Polls on their way out of the table: those in a span as one whole number each, and the ones next to it.

A number holds site, time since the start of the span, and what was seen, in this order from the highest bit; so
sorting the numbers sorts the polls, and a third of the values crosses the border of the database.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from opsroom.core.db.frames import Read

BITS_OF_SEEN = 2
WHOLE = 63

PACKED = "(CAST(o.site AS bigint) << {shift}) | ((o.observed_at - ({start})) << 2) | o.seen"
WIDE = "o.site, o.observed_at, o.seen"
WITHIN = """
    SELECT {values} FROM stores s JOIN store_observations o ON o.site = s.site
    AND o.observed_at >= {start} AND o.observed_at <= {last} {only}
"""
# Per store the observation before the span and, if it may be looked at, the one after it: whether an observation is
# the first of its open interval, and what is carried in or reaches back, depend on those two.
BESIDE = """
    SELECT s.site,
    coalesce((SELECT (p.observed_at << 2) | p.seen FROM store_observations p
        WHERE p.site = s.site AND p.observed_at < {before} ORDER BY p.observed_at DESC LIMIT 1), 0) AS before_span,
    {after} AS after_span FROM stores s WHERE true {only}
"""
AFTER = """coalesce((SELECT (n.observed_at << 2) | n.seen FROM store_observations n
        WHERE n.site = s.site AND n.observed_at >= {end} AND n.observed_at <= {as_of}
        ORDER BY n.observed_at LIMIT 1), 0)"""

COLUMNS = ("store", "observed_at", "seen")


@dataclass(frozen=True, slots=True)
class PollReads:
    """The statements for [start, end), of all stores or those that `only` (a condition on `s`) leaves.

    as_of: observations up to and including this instant are looked at
    highest_site: of all stores; None reads three columns, which for few polls is as good
    """

    start: int
    end: int
    as_of: int
    only: str = ""
    highest_site: int | None = None

    @property
    def shift(self) -> int | None:
        """Where the site begins in a number; None where site and time do not fit into one."""
        if self.highest_site is None:
            return None
        shift = max(self.end - self.start, 1).bit_length() + BITS_OF_SEEN
        return shift if shift + self.highest_site.bit_length() <= WHOLE else None

    def within(self) -> Read:
        shift = self.shift
        values = WIDE if shift is None else PACKED.format(shift=shift, start=int(self.start))
        # Seen up to the span's end and no further, the one at the end itself is the one after it.
        last = min(self.as_of, self.end if self.as_of == self.end else self.end - 1)
        sql = WITHIN.format(values=values, start=int(self.start), last=int(last), only=self.only)
        return Read(sql, COLUMNS if shift is None else ("packed",), integers=True)

    def beside(self) -> Read:
        after = AFTER.format(end=int(self.end), as_of=int(self.as_of)) if self.as_of > self.end else "0"
        sql = BESIDE.format(before=min(int(self.start), int(self.as_of) + 1), after=after, only=self.only)
        return Read(sql, ("store", "before", "after"), integers=True)

    def polls(self, within: pl.DataFrame, beside: pl.DataFrame) -> pl.DataFrame:
        """store, observed_at, seen: before the span, in it, after it, each sorted by store and instant."""
        beside = beside.cast(pl.Int64).sort("store")
        return pl.concat([_edge(beside, "before"), self._unpacked(within), _edge(beside, "after")])

    def _unpacked(self, within: pl.DataFrame) -> pl.DataFrame:
        if self.shift is None:
            return within.cast(pl.Int64).sort("store", "observed_at")
        packed = np.sort(within["packed"].cast(pl.Int64).to_numpy())
        elapsed = (packed >> BITS_OF_SEEN) & ((1 << (self.shift - BITS_OF_SEEN)) - 1)
        columns = (packed >> self.shift, elapsed + self.start, packed & 3)
        return pl.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _edge(beside: pl.DataFrame, side: str) -> pl.DataFrame:
    """Of the stores that have a poll on this side."""
    packed = pl.col(side)
    return beside.filter(packed != 0).select("store", observed_at=packed // 4, seen=packed % 4)
