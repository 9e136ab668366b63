"""Metal without flaws: brushed, cast, milled or blasted, under a light that is never quite even."""

import numpy as np
from PIL import Image

from opsroom.quality.surfaces.values import SIZE, Field, Generator


def ground(generator: Generator) -> Field:
    """Grey levels of a sound surface, 0 to 255 with some room on both sides."""
    kind = generator.integers(4)
    drawn = (_brushed, _cast, _milled, _blasted)[kind](generator)
    level = generator.uniform(85, 190)
    return level + drawn * generator.uniform(0.6, 1.3) + _light(generator)


def smooth(generator: Generator, cells: int, shape: tuple[int, int] = (SIZE, SIZE)) -> Field:
    """Noise whose hills are 1/cells of the picture wide; its deviation is about one."""
    coarse = generator.normal(0, 1, (cells + 1, cells + 1)).astype(np.float32)
    hills = Image.fromarray(coarse).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(hills, dtype=np.float32) * 1.3


def grid() -> tuple[Field, Field]:
    """Columns and rows of every pixel."""
    down, across = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    return across, down


def _brushed(generator: Generator) -> Field:
    """Fine parallel lines, along or across, some of them faintly longer than others."""
    stretched = generator.normal(0, 1, (SIZE, 6)).astype(np.float32)
    lines = np.asarray(Image.fromarray(stretched).resize((SIZE, SIZE), Image.Resampling.BICUBIC), dtype=np.float32)
    drawn = lines * 7 + generator.normal(0, 4, (SIZE, SIZE))
    return drawn if generator.random() < 0.5 else drawn.T


def _cast(generator: Generator) -> Field:
    return smooth(generator, 40) * 6 + smooth(generator, 12) * 5 + generator.normal(0, 4, (SIZE, SIZE))


def _milled(generator: Generator) -> Field:
    """Arcs that a cutter leaves."""
    across, down = grid()
    middle = generator.uniform(-2, 3, 2) * SIZE
    distance = np.hypot(across - middle[0], down - middle[1])
    arcs: Field = np.sin(distance * (2 * np.pi / generator.uniform(5, 14)) + smooth(generator, 6) * 0.6)
    return arcs * generator.uniform(3, 9) + generator.normal(0, 4, (SIZE, SIZE))


def _blasted(generator: Generator) -> Field:
    return generator.normal(0, generator.uniform(5, 11), (SIZE, SIZE)) + smooth(generator, 90) * 4


def _light(generator: Generator) -> Field:
    across, down = grid()
    slope = generator.normal(0, 14, 2)
    plane: Field = (across / SIZE - 0.5) * slope[0] + (down / SIZE - 0.5) * slope[1]
    return plane + smooth(generator, 2) * 5
