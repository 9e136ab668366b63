"""Surfaces by number: the same number gives the same picture, with everything that is wrong on it."""

from collections.abc import Sequence

import numpy as np

from opsroom.quality.surfaces.flaws import FLAWS
from opsroom.quality.surfaces.grounds import ground
from opsroom.quality.surfaces.values import SIZE, Field, Flaw, Generator, Surface

SOUND = 0.25  # of all surfaces have no flaw
MARGIN = 2.0  # pixels of sound metal in a box, on each side
SEEN = 0.25  # of a mask, from which on a pixel belongs to the flaw
TRIES = 12


def draw(number: int, flaws: Sequence[str] | None = None) -> Surface:
    """flaws: the kinds that are drawn; without them none in a quarter of all surfaces, else one to four by chance"""
    generator = np.random.default_rng(number)
    levels = ground(generator)
    found: list[Flaw] = []
    for kind in _chosen(generator) if flaws is None else flaws:
        for _ in range(TRIES):
            changed, flaw = _drawn(levels, kind, generator)
            if flaw is not None and not any(_touch(flaw, other) for other in found):
                levels = changed
                found.append(flaw)
                break
    return Surface(np.clip(levels, 0, 255).astype(np.uint8), tuple(found))


def _chosen(generator: Generator) -> list[str]:
    if generator.random() < SOUND:
        return []
    kinds = generator.integers(len(FLAWS), size=int(generator.integers(1, 5)))
    return [tuple(FLAWS)[kind] for kind in kinds]


def _drawn(levels: Field, kind: str, generator: Generator) -> tuple[Field, Flaw | None]:
    x, y = generator.uniform(0.08, 0.92, 2) * SIZE
    changed, mask = FLAWS[kind](levels, (float(x), float(y)), generator)
    rows, columns = np.nonzero((mask > SEEN).any(axis=1))[0], np.nonzero((mask > SEEN).any(axis=0))[0]
    if min(len(rows), len(columns)) < 2:
        return levels, None
    left, top = max(0.0, columns[0] - MARGIN), max(0.0, rows[0] - MARGIN)
    right, bottom = min(SIZE, columns[-1] + 1 + MARGIN), min(SIZE, rows[-1] + 1 + MARGIN)
    return changed, Flaw(kind, (float(left), float(top), float(right - left), float(bottom - top)))


def _touch(one: Flaw, other: Flaw) -> bool:
    x, y, width, height = one.box
    u, v, across, down = other.box
    return x < u + across and u < x + width and y < v + down and v < y + height
