"""Where in an image a finding lies, how grave and how uncertain it is, as columns."""

from collections.abc import Mapping, Sequence
from typing import Any

from opsroom.quality.kinds import Severity

RANKS = {Severity.MINOR: 1, Severity.MODERATE: 2, Severity.MAJOR: 3, Severity.CRITICAL: 4}


def rank_of(severity: Severity) -> int:
    return RANKS[severity]


def uncertainty_of(confidence: float | None) -> float:
    """1 at a confidence of one half and where no model looked, 0 at none and at full confidence."""
    return 1.0 if confidence is None else 1 - abs(2 * confidence - 1)


def placed(box: Mapping[str, float] | None, polygon: Sequence[Sequence[float]] | None) -> dict[str, Any]:
    """The columns of a place. A polygon without a box gets the box around it."""
    if box is None and polygon:
        across, down = [point[0] for point in polygon], [point[1] for point in polygon]
        box = {
            "x": min(across),
            "y": min(down),
            "width": max(across) - min(across),
            "height": max(down) - min(down),
        }
    if box is None:
        return {"box_x": None, "box_y": None, "box_width": None, "box_height": None, "polygon": None, "size": None}
    return {
        "box_x": box["x"],
        "box_y": box["y"],
        "box_width": box["width"],
        "box_height": box["height"],
        "polygon": [list(point) for point in polygon] if polygon else None,
        "size": max(box["width"], box["height"]),
    }
