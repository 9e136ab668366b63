"""Images that come in: what they really are, looked at before they are kept."""

from dataclasses import dataclass
from pathlib import Path

from opsroom.core.errors import Invalid
from opsroom.quality.vision.reading import read_photograph
from opsroom.quality.vision.values import UnreadableImage


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    width: int
    height: int


def read_picture(path: Path) -> Picture:
    """What kind of image a file is; every pixel is decoded, so that a cut one is found now.

    Raises:
        Invalid: no PNG or JPEG, too large, or broken.
    """
    try:
        seen = read_photograph(path)
    except UnreadableImage as refused:
        raise Invalid(str(refused), code=refused.code, field="file") from None
    height, width = seen.pixels.shape
    return Picture(seen.media_type, width, height)
