"""The region served, as an outline: what a map draws, and what tells a place on land from a mistake.

Outline of Kenya after Natural Earth, 1:110 million (public domain); the lake by hand.
"""

from collections.abc import Iterable, Sequence
from math import asin, cos, radians, sin, sqrt

Point = tuple[float, float]
"""(longitude, latitude), degrees"""

OUTLINE: tuple[Point, ...] = (
    (40.993, -0.858), (41.585, -1.683), (40.885, -2.083), (40.637, -2.500), (40.263, -2.573), (40.121, -3.278),
    (39.800, -3.681), (39.605, -4.347), (39.202, -4.677), (37.767, -3.677), (37.699, -3.097), (34.073, -1.060),
    (33.904, -0.950), (33.894, 0.110), (34.180, 0.515), (34.672, 1.177), (35.036, 1.906), (34.596, 3.054),
    (34.479, 3.556), (34.005, 4.250), (34.620, 4.847), (35.298, 5.506), (35.817, 5.338), (35.817, 4.777),
    (36.159, 4.448), (36.855, 4.448), (38.121, 3.599), (38.437, 3.589), (38.671, 3.616), (38.893, 3.501),
    (39.559, 3.422), (39.854, 3.839), (40.768, 4.257), (41.172, 3.919), (41.855, 3.919), (40.981, 2.785),
)  # fmt: skip
LAKE: tuple[Point, ...] = (
    (33.894, 0.110), (34.090, 0.060), (34.280, -0.120), (34.480, -0.090), (34.740, -0.110), (34.780, -0.190),
    (34.600, -0.330), (34.470, -0.400), (34.250, -0.410), (34.090, -0.560), (34.110, -0.830), (33.960, -1.000),
    (33.904, -0.950),
)  # fmt: skip

NEAR_KM = 30.0
"""A place outside of the outline is on land still when a city served is so near: outlines are coarse."""
EARTH_RADIUS_KM = 6371.0088


def within(outline: Sequence[Point], longitude: float, latitude: float) -> bool:
    """Whether a ray to the east crosses the outline an odd number of times."""
    inside = False
    for (x1, y1), (x2, y2) in zip(outline, (*outline[1:], outline[0]), strict=True):
        if (y1 > latitude) != (y2 > latitude) and longitude < x1 + (latitude - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def kilometres(one: Point, other: Point) -> float:
    """Great-circle distance, by the haversine."""
    (x1, y1), (x2, y2) = ((radians(x), radians(y)) for x, y in (one, other))
    root = sin((y2 - y1) / 2) ** 2 + cos(y1) * cos(y2) * sin((x2 - x1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(sqrt(root), 1.0))


def nearest(cities: Iterable[tuple[str, Point]], place: Point) -> tuple[str, float] | None:
    """The city nearest to a place, and its distance in km."""
    found = [(kilometres(at, place), name) for name, at in cities]
    return (min(found)[1], min(found)[0]) if found else None
