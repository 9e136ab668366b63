"""What goes wrong on a surface: how each kind of flaw changes the grey levels beneath it.

Each function gives the changed levels and a mask, 0 to 1, of where the flaw can be seen.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from opsroom.quality.surfaces.grounds import grid, smooth
from opsroom.quality.surfaces.values import SIZE, Field, Generator

FINE = 3  # masks are drawn so many times finer, and scaled down
Drawn = tuple[Field, Field]
Place = tuple[float, float]


def scratch(levels: Field, middle: Place, generator: Generator) -> Drawn:
    """A long thin line, bright where metal was bared, with a shadow beside it."""
    length, angle = generator.uniform(45, 150), generator.uniform(0, np.pi)
    along = np.linspace(-0.5, 0.5, 24)
    bow = generator.normal(0, 0.05) * (along**2 - 0.08) * 4
    points = _turned(along * length, bow * length, angle, middle)
    mask = _line(points, generator.uniform(1.2, 2.8))
    shadow = np.roll(mask, (1, 1), (0, 1)) * (1 - mask)
    strength = generator.uniform(38, 85) * (1 if generator.random() < 0.8 else -1)
    return levels + mask * strength - shadow * abs(strength) * 0.35, mask


def crack(levels: Field, middle: Place, generator: Generator) -> Drawn:
    """A dark jagged path, thinner towards its ends, with branches."""
    path = _jagged(middle, generator.uniform(0, 2 * np.pi), int(generator.integers(9, 26)), generator)
    mask = _line(path, generator.uniform(1.4, 3.0))
    for _ in range(int(generator.integers(0, 3))):
        start = path[int(generator.integers(2, len(path)))]
        branch = _jagged(start, generator.uniform(0, 2 * np.pi), int(generator.integers(3, 8)), generator)
        mask = np.maximum(mask, _line(branch, 1.2))
    return levels - mask * generator.uniform(60, 115), mask


def dent(levels: Field, middle: Place, generator: Generator) -> Drawn:
    """A hollow: its side towards the light is dark, the other bright."""
    across, down = grid()
    radius, light = generator.uniform(9, 24), generator.uniform(0, 2 * np.pi)
    squeeze = generator.uniform(0.75, 1.3)
    x, y = (across - middle[0]) / radius, (down - middle[1]) / (radius * squeeze)
    hollow = np.exp(-(x**2 + y**2))
    slope = (x * np.cos(light) + y * np.sin(light)) * hollow * 2.3
    return levels + slope * generator.uniform(35, 75), np.clip(hollow * 2.2, 0, 1)


def porosity(levels: Field, middle: Place, generator: Generator) -> Drawn:
    """A cluster of small round holes."""
    spread = generator.uniform(7, 20)
    holes, rims = _canvas(), _canvas()
    for _ in range(int(generator.integers(6, 18))):
        x, y = (np.asarray(middle) + generator.normal(0, spread, 2)).tolist()
        radius = generator.uniform(1.1, 3.2)
        _disc(holes, x, y, radius)
        _disc(rims, x + 0.6, y + 0.6, radius + 1.0)
    hole, rim = _scaled(holes), _scaled(rims)
    return levels - hole * generator.uniform(55, 105) + (rim * (1 - hole)) * generator.uniform(5, 25), hole


def contamination(levels: Field, middle: Place, generator: Generator) -> Drawn:
    """Something that lies on the surface: it has an edge, and hides what is beneath."""
    canvas = _canvas()
    size = generator.uniform(5, 13)
    for _ in range(int(generator.integers(3, 8))):
        x, y = (np.asarray(middle) + generator.normal(0, size * 0.7, 2)).tolist()
        _disc(canvas, x, y, size * generator.uniform(0.5, 1.0))
    mask = _scaled(canvas)
    offset = generator.uniform(40, 85) * (-1 if generator.random() < 0.75 else 1)
    covered = float(levels.mean()) + offset + smooth(generator, 30) * 5
    return levels * (1 - mask * 0.92) + covered * mask * 0.92, mask


def discoloration(levels: Field, middle: Place, generator: Generator) -> Drawn:
    """A large stain without an edge; the texture goes on beneath it."""
    across, down = grid()
    width, height = generator.uniform(22, 52, 2)
    x, y = (across - middle[0]) / width, (down - middle[1]) / height
    shape = np.exp(-((x**2 + y**2) ** 1.5)) * np.clip(1 + smooth(generator, 10) * 0.25, 0.3, 1.5)
    strength = generator.uniform(26, 50) * (-1 if generator.random() < 0.7 else 1)
    return levels + shape * strength, np.clip(shape * 1.6 - 0.2, 0, 1)


FLAWS: dict[str, Callable[[Field, Place, Generator], Drawn]] = {
    "scratch": scratch,
    "dent": dent,
    "crack": crack,
    "porosity": porosity,
    "contamination": contamination,
    "discoloration": discoloration,
}


def _turned(along: Field, aside: Field, angle: float, middle: Place) -> list[Place]:
    x = middle[0] + along * np.cos(angle) - aside * np.sin(angle)
    y = middle[1] + along * np.sin(angle) + aside * np.cos(angle)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _jagged(start: Place, heading: float, steps: int, generator: Generator) -> list[Place]:
    turns = heading + np.cumsum(generator.normal(0, 0.25, steps)) + generator.normal(0, 0.55, steps)
    lengths = generator.uniform(2.5, 6.5, steps)
    x = start[0] + np.concatenate([[0], np.cumsum(np.cos(turns) * lengths)])
    y = start[1] + np.concatenate([[0], np.cumsum(np.sin(turns) * lengths)])
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _canvas() -> Image.Image:
    return Image.new("L", (SIZE * FINE, SIZE * FINE))


def _line(points: list[Place], width: float) -> Field:
    """A path that is thinner at both ends."""
    canvas = _canvas()
    pen = ImageDraw.Draw(canvas)
    last = len(points) - 1
    for step in range(last):
        taper = 0.55 + 0.45 * np.sin(np.pi * (step + 0.5) / last)
        ends = [(x * FINE, y * FINE) for x, y in points[step : step + 2]]
        pen.line(ends, fill=255, width=max(1, round(width * taper * FINE)))
    return _scaled(canvas)


def _disc(canvas: Image.Image, x: float, y: float, radius: float) -> None:
    box = [(x - radius) * FINE, (y - radius) * FINE, (x + radius) * FINE, (y + radius) * FINE]
    ImageDraw.Draw(canvas).ellipse(box, fill=255)


def _scaled(canvas: Image.Image) -> Field:
    softened = canvas.resize((SIZE, SIZE), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.5))
    return np.asarray(softened, dtype=np.float32) / 255
