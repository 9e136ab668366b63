"""Values of drawn surfaces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIZE = 256  # pixels a side

Generator = np.random.Generator
Field = NDArray[np.floating]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Flaw:
    """box: x, y, width, height in pixels from the upper left corner"""

    type: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Surface:
    """A picture, and everything that is wrong on it."""

    pixels: Pixels
    flaws: tuple[Flaw, ...]
