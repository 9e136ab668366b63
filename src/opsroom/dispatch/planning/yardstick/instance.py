"""ORTEC instances of the competition, read from their VRPLIB files.

Format: VRPLIB with `EDGE_WEIGHT_TYPE : EXPLICIT`, a full asymmetric matrix of driving seconds, and sections for
demand, service time and time window; the first node is the depot.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

SECTIONS = {
    "EDGE_WEIGHT_SECTION": "drive",
    "DEMAND_SECTION": "demand",
    "SERVICE_TIME_SECTION": "service",
    "TIME_WINDOW_SECTION": "window",
}
"""The sections that are read, and the column each one fills. Coordinates only serve drawings."""


@dataclass(frozen=True, eq=False)
class StaticInstance:
    """A depot (row 0) and the customers that requests are sampled from; times in seconds of the day."""

    drive: Integers
    """(n, n) seconds from row to column; asymmetric."""
    demand: Integers
    service: Integers
    window: Integers
    """(n, 2) first and last instant at which service may begin."""
    capacity: int

    def __post_init__(self) -> None:
        size = len(self.demand)
        shapes = (self.drive.shape, self.service.shape, self.window.shape)
        if shapes != ((size, size), (size,), (size, 2)):
            raise ValueError(f"sections disagree about the number of nodes: {size} demands, shapes {shapes}")
        if self.demand[0] or self.service[0]:
            raise ValueError("the first node must be a depot without demand or service time")

    @property
    def customers(self) -> int:
        return len(self.demand) - 1

    @property
    def closing(self) -> int:
        """The instant by which every vehicle is back."""
        return int(self.window[0, 1])


def read_instance(path: Path) -> StaticInstance:
    """The instance in `path`; ValueError when a section is missing or the nodes are not numbered from one."""
    columns: dict[str, list[list[int]]] = {name: [] for name in SECTIONS.values()}
    capacity: int | None = None
    section = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0].startswith("CAPACITY"):
            capacity = int(words[-1])
        elif not words[0].lstrip("-").isdigit():
            section = SECTIONS.get(words[0], "")
        elif section:
            columns[section].append([int(word) for word in words])
    if capacity is None:
        raise ValueError(f"{path.name} states no capacity")
    drive = columns.pop("drive")
    return StaticInstance(drive=_integers(drive), capacity=capacity, **_numbered(columns, path.name))


def _numbered(columns: dict[str, list[list[int]]], file: str) -> dict[str, Any]:
    numbered = {}
    for name, rows in columns.items():
        if [row[0] for row in rows] != list(range(1, len(rows) + 1)):
            raise ValueError(f"{file}: the nodes of the {name} section are not numbered 1, 2, …")
        width = 2 if name == "window" else 1
        values = _integers([row[1:] for row in rows]).reshape(len(rows), width)
        numbered[name] = values if name == "window" else values[:, 0]
    return numbered


def _integers(rows: list[list[int]]) -> Integers:
    return np.array(rows, dtype=np.int64)
