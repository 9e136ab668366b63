"""Images as files, and what they really are. What is too large to unpack is never unpacked."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from opsroom.quality.vision.values import Grey, UnreadableImage

LONGEST_SIDE = 8192
MOST_PIXELS = 36_000_000
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Photograph:
    """pixels: grey levels, turned upright if the camera said that it was held otherwise"""

    media_type: str
    pixels: Grey


def read_photograph(source: Path | IO[bytes]) -> Photograph:
    """Decode a PNG or JPEG image. The head is read first, and every pixel then, so that a cut file is found.

    Raises:
        UnreadableImage: no PNG or JPEG, too large, or broken.
    """
    try:
        with warnings.catch_warnings(), Image.open(source, formats=tuple(MEDIA_TYPES)) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is the narrower limit
            width, height = image.size
            if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
                raise _too_large(f"{width} by {height}")
            return Photograph(MEDIA_TYPES[str(image.format)], _grey(image))
    except Image.DecompressionBombError:
        raise _too_large("far too many") from None
    except UnidentifiedImageError:
        raise UnreadableImage("The file is no PNG or JPEG image.", "not_an_image") from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, UnreadableImage):
            raise
        raise UnreadableImage(f"The image is broken: {error}.", "broken_image") from None


def _grey(image: Image.Image) -> Grey:
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        # Sixteen bits a pixel; Pillow's own way to eight cuts off everything above 255.
        return (np.asarray(upright) >> 8).astype(np.uint8)
    return np.asarray(upright.convert("L"))


def _too_large(pixels: str) -> UnreadableImage:
    return UnreadableImage(
        f"The image has {pixels} pixels; at most {LONGEST_SIDE} a side and {MOST_PIXELS // 1_000_000} million in all "
        "are taken. Scale it down.",
        "image_too_large",
    )
