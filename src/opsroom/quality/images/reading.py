"""Images that come in: what they really are, looked at before they are kept."""

import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from opsroom.core.errors import Invalid

LONGEST_SIDE = 8192
MOST_PIXELS = 36_000_000
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    width: int
    height: int


def read_picture(path: Path) -> Picture:
    """What kind of image a file is; every pixel is decoded, so that a cut one is found now.

    The head is read first: what is too large to unpack is never unpacked.

    Raises:
        Invalid: no PNG or JPEG, too large, or broken.
    """
    try:
        with warnings.catch_warnings(), Image.open(path, formats=tuple(MEDIA_TYPES)) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # ours is the narrower limit
            width, height = image.size
            if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
                raise _too_large(f"{width} by {height}")
            image.load()
            return Picture(MEDIA_TYPES[str(image.format)], width, height)
    except Image.DecompressionBombError:
        raise _too_large("far too many") from None
    except UnidentifiedImageError:
        raise Invalid("The file is no PNG or JPEG image.", code="not_an_image", field="file") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise Invalid(f"The image is broken: {error}.", code="broken_image", field="file") from None


def _too_large(pixels: str) -> Invalid:
    return Invalid(
        f"The image has {pixels} pixels; at most {LONGEST_SIDE} a side and {MOST_PIXELS // 1_000_000} million in all "
        "are taken. Scale it down.",
        code="image_too_large",
        field="file",
    )
