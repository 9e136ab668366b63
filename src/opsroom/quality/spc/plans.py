"""Single sampling plans for inspection by attributes, ISO 2859-1 / ANSI Z1.4 / MIL-STD-105E, derived and not typed in.

Everything hangs on one number. Sample sizes and AQLs both grow by 10^(1/5) a step, so code letter i at AQL j has the
product n x AQL of its diagonal i + j, and the diagonal alone decides the acceptance number. Off the diagonals stand
arrows: take the nearest plan above or below in the same column, with its own sample size. What cannot be derived is
seeded: the lot sizes, the acceptance numbers of normal and tightened inspection, and the letters of the codes.
The rules, and how they compare with the printed tables, are told in docs/engines/spc.md.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .arrays import UnusableData

Severity: TypeAlias = Literal["normal", "tightened", "reduced"]
Level: TypeAlias = Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"]

CODES = "ABCDEFGHJKLMNPQRS"
"""S exists in tightened inspection only, and no lot leads to it but by an arrow."""
LARGEST_LOTS = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
"""Seed: the upper ends of the lot size ranges; the last range is open."""
NORMAL = (1, 2, 3, 5, 7, 10, 14, 21, 30, 44)
TIGHTENED = (1, 2, 3, 5, 8, 12, 18, 27, 41)
"""Seeds: acceptance numbers from one diagonal to the next, after 0."""

EVERY_CODE_UP_TO = 24
"""The last diagonal that reaches every code letter; the two beyond it end at letter E."""
LAST_SMALL_CODE = CODES.index("E")
LAST_ZERO_COLUMN = 14
"""AQL 6.5: no plan above it accepts nothing. This settles one cell, A at 10 tightened, which has an arrow."""
SMALLER_BY = 2
"""Reduced inspection takes the sample of the second code letter before, and at least 2 units."""


@dataclass(frozen=True)
class Diagonals:
    """`zero` is the diagonal of plans that accept nothing nonconforming; the other numbers run from `one` on, since
    no plan fits between. There arrows point down, to more units, but for `upward`.
    """

    zero: int
    upward: int | None
    one: int
    numbers: tuple[int, ...]


DIAGONALS: dict[Severity, Diagonals] = {
    "normal": Diagonals(14, 15, 17, NORMAL),
    "tightened": Diagonals(15, None, 18, TIGHTENED),
    "reduced": Diagonals(14, 15, 17, (0, 1, *NORMAL[:-2])),
}


@dataclass(frozen=True)
class Plan:
    """Draw `n` units; accept the lot at up to `ac` nonconforming units, reject from `re` on. `code` is the letter of
    the lot, `plan_code` that of the plan after following arrows. Between `ac` and `re` (reduced inspection only) the
    lot is accepted and normal inspection comes back.
    """

    code: str
    plan_code: str
    severity: Severity
    n: int
    ac: int
    re: int


def sampling_plan(lot: int, level: str, aql: float, severity: str = "normal") -> Plan:
    """The plan for a lot; where the sample is not smaller than the lot, every unit is inspected."""
    return plan_for_code(code_letter(lot, level), aql, severity)


def plan_for_code(code: str, aql: float, severity: str = "normal") -> Plan:
    row, column = CODES.find(code), _column(aql)
    if row < 0 or code == "S" or len(code) != 1:
        raise UnusableData(f"code letter {code!r}; expected one of {', '.join(CODES[:-1])}")
    kind = _severity(severity)
    found = _after_arrows(row, column, kind)
    ac, re = _acceptance(found, column, kind)
    return Plan(code, CODES[found], kind, _sample_size(found, kind), ac, re)


def code_letter(lot: int, level: str) -> str:
    """The code letter of a lot. With r the row of its size, the letters are numbered r for level II, r + 1 for III,
    max(2r/3, r - 2) for I, and r/4, r/3, r/2, 2r/3 for S-1 to S-4, cut off.
    """
    if lot < 2:
        raise UnusableData(f"a lot of {lot}; expected at least 2 units")
    row = bisect_left(LARGEST_LOTS, lot)
    letters = {
        "S-1": row // 4,
        "S-2": row // 3,
        "S-3": row // 2,
        "S-4": 2 * row // 3,
        "I": max(2 * row // 3, row - 2),
        "II": row,
        "III": row + 1,
    }
    name = level.upper()
    name = name if "-" in name or not name.startswith("S") else f"S-{name[1:]}"
    if name not in letters:
        raise UnusableData(f"inspection level {level!r}; expected one of {', '.join(letters)}")
    return CODES[letters[name]]


def acceptable_quality_limits() -> tuple[float, ...]:
    """0.010 to 1000: 10^(j/5) in steps of half a leading digit, so 1, 1.5, 2.5, 4, 6.5."""
    return tuple(float(f"{round(2 * 10 ** (step % 5 / 5)) / 2}e{step // 5 - 2}") for step in range(26))


def sample_sizes() -> tuple[int, ...]:
    """2, 3, 5, 8, 13, … 3150: 2 x 10^(i/5) as preferred numbers (1.25, 2, 3.15, 5, 8), then to whole units."""
    return tuple(_preferred(2 * 10 ** (step / 5)) for step in range(len(CODES)))


def _preferred(size: float) -> int:
    power: int = 10 ** int(math.log10(size))
    steps = 20 if size / power < 4.5 else 10
    hundredths = round(size / power * steps) * (100 // steps)
    return (hundredths * power + 50) // 100


def _column(aql: float) -> int:
    limits = acceptable_quality_limits()
    for column, limit in enumerate(limits):
        if math.isclose(aql, limit, rel_tol=1e-9):
            return column
    raise UnusableData(f"AQL {aql:g}; expected one of {', '.join(f'{limit:g}' for limit in limits)}")


def _severity(name: str) -> Severity:
    for severity in DIAGONALS:
        if severity == name:
            return severity
    raise UnusableData(f"severity {name!r}; expected one of {', '.join(DIAGONALS)}")


def _sample_size(row: int, severity: Severity) -> int:
    return sample_sizes()[max(row - SMALLER_BY, 0) if severity == "reduced" else row]


def _after_arrows(row: int, column: int, severity: Severity) -> int:
    """The row of the plan to use: this one, or the nearest where the arrow points, or the other way at the edge."""
    rows = [other for other in range(len(CODES)) if _number(other, column, severity) is not None]
    if row in rows:
        return row
    above, below = [other for other in rows if other < row], [other for other in rows if other > row]
    layout = DIAGONALS[severity]
    upward = row + column >= layout.one or row + column == layout.upward
    return above[-1] if above and (upward or not below) else below[0]


def _number(row: int, column: int, severity: Severity) -> int | None:
    """The acceptance number of a cell by its diagonal alone; none where the table has an arrow."""
    layout, diagonal = DIAGONALS[severity], row + column
    if CODES[row] == "S" and severity != "tightened":
        return None
    if diagonal > EVERY_CODE_UP_TO and row > LAST_SMALL_CODE:
        return None
    if diagonal == layout.zero and column <= LAST_ZERO_COLUMN:
        return 0
    step = diagonal - layout.one
    return layout.numbers[step] if 0 <= step < len(layout.numbers) else None


def _acceptance(row: int, column: int, severity: Severity) -> tuple[int, int]:
    """Acceptance and rejection number of a cell that holds a plan."""
    ac = _number(row, column, severity)
    if ac is None:
        raise LookupError(f"no plan at code {CODES[row]} in column {column}")
    if severity != "reduced" or row + column == DIAGONALS["reduced"].zero:
        return ac, ac + 1
    # Reduced inspection rejects where normal inspection of the lot would, or from three above its own number.
    re = min(NORMAL[row + column - DIAGONALS["normal"].one], ac + 2) + 1
    # Codes A and B cannot shrink their sample any further: they accept what normal inspection accepts with it.
    ac = max(ac, _number(max(row - SMALLER_BY, 0), column, "normal") or 0)
    return ac, max(re, ac + 1)
