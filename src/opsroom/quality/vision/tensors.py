"""Images as a model takes them, and places in them as people see them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from opsroom.quality.vision.values import Box, Contract, Grey, Tensor


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies in the model's input, in unit lengths of the input."""

    left: float
    top: float
    width: float
    height: float

    def in_image(self, box: Box) -> Box | None:
        """A box of the input as a box of the image; None when it lies outside."""
        left, right = (self._across(value) for value in (box.x, box.x + box.width))
        top, bottom = (self._down(value) for value in (box.y, box.y + box.height))
        return Box(left, top, right - left, bottom - top) if right > left and bottom > top else None

    def _across(self, value: float) -> float:
        return min(1.0, max(0.0, (value - self.left) / self.width))

    def _down(self, value: float) -> float:
        return min(1.0, max(0.0, (value - self.top) / self.height))


@dataclass(frozen=True, slots=True)
class Prepared:
    """tensor: [1, height, width], mean 0 and deviation about 1 over the image; 0 beside it"""

    tensor: Tensor
    placement: Placement


def prepared(pixels: Grey, contract: Contract) -> Prepared:
    """Scale an image to the model's input with its proportions kept, and even out its light and contrast."""
    high, wide = pixels.shape
    scale = min(contract.height / high, contract.width / wide)
    height, width = max(1, round(high * scale)), max(1, round(wide * scale))
    levels = pixels.astype(np.float32) if (height, width) == (high, wide) else _scaled(pixels, height, width)
    levels = (levels - levels.mean()) / (levels.std() + 1)  # the 1 leaves an even image even
    top, left = (contract.height - height) // 2, (contract.width - width) // 2
    tensor = np.zeros((1, contract.height, contract.width), np.float32)
    tensor[0, top : top + height, left : left + width] = levels
    placement = Placement(
        left / contract.width, top / contract.height, width / contract.width, height / contract.height
    )
    return Prepared(tensor, placement)


def batch(images: Sequence[Prepared]) -> Tensor:
    return np.stack([each.tensor for each in images])


def _scaled(pixels: Grey, height: int, width: int) -> Tensor:
    """Every pixel has its part in what it is scaled down to, so that thin lines do not fall through."""
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32)
