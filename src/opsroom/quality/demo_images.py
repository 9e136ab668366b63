"""Surfaces for the demonstration: brushed metal, with something wrong on it."""

import numpy as np
from numpy.typing import NDArray

SIZE = 320
Surface = NDArray[np.uint8]


def surface(number: int) -> Surface:
    """One of three: a crack, a scratch, a dent."""
    generator = np.random.default_rng(number)
    brushed = generator.normal(0, 9, (SIZE, 1)) + generator.normal(0, 5, (SIZE, SIZE))
    picture = 168 + brushed
    down, across = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    if number == 1:
        middle = 0.28 + 0.03 * np.sin(across * 40) + 0.2 * (across - 0.41)
        picture -= 110 * ((abs(down - middle) < 0.006) & (across > 0.32) & (across < 0.50))
    elif number == 2:
        picture += 60 * ((abs(down - 0.64 + 0.1 * (across - 0.7)) < 0.005) & (across > 0.57) & (across < 0.83))
    else:
        depth = np.exp(-(((across - 0.22) ** 2 + (down - 0.69) ** 2) / 0.0016))
        picture += depth * 70 * np.sign(across - 0.22)
    clipped: Surface = np.clip(picture, 0, 255).astype(np.uint8)
    return clipped
