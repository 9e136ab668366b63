"""Polls on their way out of the table: those in a span as one whole number each, and the ones next to it.

A number holds site, time since the start of the span, and what was seen, in this order from the highest bit; so
sorting the numbers sorts the polls, and a third of the values crosses the border of the database.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from opsroom.core.db.frames import Read
from opsroom.stores.uptime import DAY

BITS_OF_SEEN = 2
BOTH_SEEN = 3  # all bits of it
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
    {after} AS after_span, {archived_before} AS archived_before, {archived_after} AS archived_after,
    coalesce((SELECT max(last_at) FROM observation_archives), 0) AS archived_to FROM stores s WHERE true {only}
"""
AFTER = """coalesce((SELECT (n.observed_at << 2) | n.seen FROM store_observations n
        WHERE n.site = s.site AND n.observed_at >= {end} AND n.observed_at <= {as_of}
        ORDER BY n.observed_at LIMIT 1), 0)"""

# The same of the archived months of which one end tells it. The conditions on all archives are judged once, so that
# nothing is looked up store by store where no archive can matter.
ARCHIVED_BEFORE = """CASE WHEN EXISTS (SELECT 1 FROM observation_archives) THEN
        coalesce((SELECT (e.last_at << 2) | e.last_seen FROM archived_sites e
            WHERE e.site = s.site AND e.month_start < {before} AND e.last_at < {before}
            ORDER BY e.month_start DESC LIMIT 1), 0) ELSE 0 END"""
ARCHIVED_AFTER = """CASE WHEN (SELECT max(last_at) FROM observation_archives) >= {end} THEN
        coalesce((SELECT (f.first_at << 2) | f.first_seen FROM archived_sites f
            WHERE f.site = s.site AND f.month_start > {month_before} AND f.first_at >= {end} AND f.first_at <= {as_of}
            ORDER BY f.month_start LIMIT 1), 0) ELSE 0 END"""

COLUMNS = ("store", "observed_at", "seen")
BESIDE_COLUMNS = ("store", "before", "after", "archived_before", "archived_after", "archived_to")
MONTH = 31 * DAY


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

    @property
    def before(self) -> int:
        """The observation before the span is the newest earlier than this."""
        return min(int(self.start), int(self.as_of) + 1)

    @property
    def last(self) -> int:
        """Seen up to the span's end and no further, the one at the end itself is the one after it."""
        return int(min(self.as_of, self.end if self.as_of == self.end else self.end - 1))

    @property
    def to(self) -> int:
        """An archive that begins later holds nothing but what `beside` tells of it."""
        return int(min(self.end, self.as_of))

    def within(self) -> Read:
        shift = self.shift
        values = WIDE if shift is None else PACKED.format(shift=shift, start=int(self.start))
        sql = WITHIN.format(values=values, start=int(self.start), last=self.last, only=self.only)
        return Read(sql, COLUMNS if shift is None else ("packed",), integers=True)

    def beside(self) -> Read:
        end, as_of = int(self.end), int(self.as_of)
        looks_on = as_of > end
        sql = BESIDE.format(
            before=self.before,
            after=AFTER.format(end=end, as_of=as_of) if looks_on else "0",
            archived_before=ARCHIVED_BEFORE.format(before=self.before),
            archived_after=ARCHIVED_AFTER.format(end=end, as_of=as_of, month_before=end - MONTH) if looks_on else "0",
            only=self.only,
        )
        return Read(sql, BESIDE_COLUMNS, integers=True)

    def reaches_back(self, beside: pl.DataFrame) -> bool:
        """Whether archives must be opened, by the row of any store."""
        return beside.height > 0 and int(beside["archived_to"][0]) >= self.before

    def polls(self, within: pl.DataFrame, beside: pl.DataFrame, archived: Iterable[pl.DataFrame] = ()) -> pl.DataFrame:
        """store, observed_at, seen: before the span, in it, after it, each sorted by store and instant.

        archived: rows of the same three columns, sorted, of the archives from `before` to `to`. What is both in an
        archive and in the table counts once; where they differ, both were seen.
        """
        beside = beside.cast(pl.Int64).sort("store")
        befores = [_edge(beside, "before"), _edge(beside, "archived_before")]
        afters = [_edge(beside, "after"), _edge(beside, "archived_after")]
        inside = [within.cast(pl.Int64)]
        at = pl.col("observed_at")
        for rows in archived:
            befores.append(rows.filter(at < self.before).group_by("store").last())
            afters.append(rows.filter((at >= self.end) & (at <= self.as_of)).group_by("store").first())
            inside.append(self._numbered(rows.filter((at >= self.start) & (at <= self.last))))
        return pl.concat(
            [
                _outermost(befores, at.max()),
                self.unpacked(pl.concat(inside), united=len(inside) > 1),
                _outermost(afters, at.min()),
            ]
        )

    def covers(self, other: "PollReads") -> bool:
        """Whether all polls within the other's span are within this one's, as numbers."""
        return (
            self.shift is not None and self.start <= other.start and other.end <= self.end and other.last <= self.last
        )

    def narrowed(self, wide: "PollReads", within: pl.DataFrame) -> pl.DataFrame:
        """What `within` reads, from what it read for a span that covers this one."""
        assert wide.shift is not None  # noqa: S101  it covers this one
        assert self.shift is not None  # noqa: S101  which is shorter
        packed = within["packed"].cast(pl.Int64).to_numpy()
        elapsed = ((packed >> BITS_OF_SEEN) & ((1 << (wide.shift - BITS_OF_SEEN)) - 1)) - (self.start - wide.start)
        kept = (elapsed >= 0) & (elapsed <= self.last - self.start)
        packed, elapsed = packed[kept], elapsed[kept]
        store, seen = packed >> wide.shift, packed & BOTH_SEEN
        return pl.DataFrame({"packed": (store << self.shift) | (elapsed << BITS_OF_SEEN) | seen})

    def _numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """As `within` reads them."""
        if self.shift is None:
            return rows
        store, at, seen = (rows[name].to_numpy() for name in COLUMNS)
        return pl.DataFrame({"packed": (store << self.shift) | ((at - self.start) << BITS_OF_SEEN) | seen})

    def unpacked(self, within: pl.DataFrame, *, united: bool = False) -> pl.DataFrame:
        """The rows that `within` read, sorted; `united` if some may be there twice."""
        within = within.cast(pl.Int64)
        if self.shift is None:
            return _united(within) if united else within.sort("store", "observed_at")
        packed = np.sort(within["packed"].to_numpy())
        if united and len(packed):
            key = packed >> BITS_OF_SEEN
            packed = np.bitwise_or.reduceat(packed, np.flatnonzero(np.append(np.True_, key[1:] != key[:-1])))
        elapsed = (packed >> BITS_OF_SEEN) & ((1 << (self.shift - BITS_OF_SEEN)) - 1)
        columns = (packed >> self.shift, elapsed + self.start, packed & 3)
        return pl.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


def _edge(beside: pl.DataFrame, side: str) -> pl.DataFrame:
    """Of the stores that have a poll on this side."""
    packed = pl.col(side)
    return beside.filter(packed != 0).select("store", observed_at=packed // 4, seen=packed % 4)


def _outermost(candidates: list[pl.DataFrame], chosen: pl.Expr) -> pl.DataFrame:
    """Of each store the poll at the chosen instant; the first of the candidates are sorted by store."""
    some = [each for each in candidates if each.height]
    if len(some) < 2 and not (some and some[0] is not candidates[0]):
        return candidates[0]
    rows = pl.concat(some)
    return _united(rows.filter(pl.col("observed_at") == chosen.over("store")))


def _united(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each store and instant, sorted."""
    return rows.group_by("store", "observed_at").agg(pl.col("seen").bitwise_or()).sort("store", "observed_at")
