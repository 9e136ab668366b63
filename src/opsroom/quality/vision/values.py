"""What the engine takes and gives. Places in images are in unit lengths, from the upper left corner."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Tensor = NDArray[np.float32]


class Unusable(ValueError):  # noqa: N818  says what cannot be used
    """The sentence says what, and what was expected. Trying again cannot help."""


class UnreadableImage(Unusable):
    """code: `not_an_image`, `image_too_large` or `broken_image`"""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class UnusableModel(Unusable):
    """It is no ONNX file, or takes or gives something else than images and findings."""


class UnusableOutput(Unusable):
    """What the model gave is not what it said it would give."""


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    def overlap(self, other: "Box") -> float:
        """The shared area over the joint area, 0 to 1 (Jaccard index)."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(0.0, across) * max(0.0, down)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """type: one of the model's labels; confidence: 0 to 1"""

    type: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model takes and how its answer is read, as written in its file.

    height, width: pixels of the images that it takes
    threshold: findings below this confidence are left out, where nobody asks for another
    overlap: of two findings that overlap more than this, the less certain is left out
    max_batch: images that it takes at once
    """

    name: str
    version: str
    labels: tuple[str, ...]
    height: int
    width: int
    threshold: float
    overlap: float
    max_batch: int


@dataclass(frozen=True, slots=True)
class Outputs:
    """The raw answer for a batch.

    boxes: [images, candidates, 4], x, y, width, height in unit lengths of the model's input
    scores, types: [images, candidates]; types are positions in the contract's labels
    """

    boxes: Tensor
    scores: Tensor
    types: NDArray[np.int64]

    def of(self, image: int) -> dict[str, list[object]]:
        """Those of one image, as JSON keeps them."""
        return {
            "boxes": self.boxes[image].tolist(),
            "scores": self.scores[image].tolist(),
            "types": self.types[image].tolist(),
        }
