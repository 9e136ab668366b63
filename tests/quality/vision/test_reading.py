"""Grey levels of files."""

import io

import numpy as np
import pytest
from PIL import Image

from opsroom.quality.vision.reading import read_photograph
from opsroom.quality.vision.values import UnreadableImage


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> io.BytesIO:
    written = io.BytesIO()
    image.save(written, kind, **options)
    written.seek(0)
    return written


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
def test_images_of_every_mode_become_grey(mode: str) -> None:
    found = read_photograph(saved(Image.new("L", (7, 5), 255).convert(mode)))
    assert found.pixels.shape == (5, 7)
    assert (found.pixels == 255).all()


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    levels = np.array([[0, 256, 32_768, 65_535]], np.uint16)
    assert read_photograph(saved(Image.fromarray(levels))).pixels.tolist() == [[0, 1, 128, 255]]


def test_a_picture_taken_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    found = read_photograph(saved(Image.new("L", (40, 30)), "JPEG", exif=exif))
    assert found.pixels.shape == (40, 30)


def test_no_image_is_told_as_such() -> None:
    with pytest.raises(UnreadableImage) as refused:
        read_photograph(io.BytesIO(b"%PDF-1.7"))
    assert refused.value.code == "not_an_image"
