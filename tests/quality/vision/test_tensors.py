"""Images scaled into a model's input, and places scaled back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsroom.quality.vision.tensors import Placement, prepared
from opsroom.quality.vision.values import Box, Contract

CONTRACT = Contract("m", "1", ("dent",), 64, 64, 0.5, 0.5, 8)


def test_a_wide_image_lies_in_the_middle_with_nothing_above_and_below() -> None:
    pixels = np.tile(np.array([0, 200], np.uint8), (32, 32))
    image = prepared(pixels, CONTRACT)
    assert image.tensor.shape == (1, 64, 64)
    assert image.placement == Placement(0.0, 0.25, 1.0, 0.5)
    assert not image.tensor[0, :16].any()
    assert not image.tensor[0, 48:].any()
    assert np.count_nonzero(image.tensor[0, 16:48]) > 0


def test_light_and_contrast_are_evened_out() -> None:
    generator = np.random.default_rng(3)
    dark = generator.integers(10, 60, (64, 64)).astype(np.uint8)
    bright = (dark * 2 + 100).astype(np.uint8)
    assert np.allclose(prepared(dark, CONTRACT).tensor, prepared(bright, CONTRACT).tensor, atol=0.1)


def test_an_even_image_stays_even() -> None:
    assert not prepared(np.full((10, 20), 77, np.uint8), CONTRACT).tensor.any()


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (8192, 3)], ids=str)
def test_images_of_extreme_shapes_are_taken(size: tuple[int, int]) -> None:
    image = prepared(np.zeros(size, np.uint8), CONTRACT)
    assert image.tensor.shape == (1, 64, 64)
    assert image.placement.width > 0
    assert image.placement.height > 0


def test_a_box_in_the_margin_is_nowhere_in_the_image() -> None:
    placement = Placement(0.0, 0.25, 1.0, 0.5)
    assert placement.in_image(Box(0.1, 0.0, 0.2, 0.2)) is None
    assert placement.in_image(Box(0.5, 0.5, 0.25, 0.25)) == Box(0.5, 0.5, 0.25, 0.5)


@given(
    st.floats(-0.5, 1.5), st.floats(-0.5, 1.5), st.floats(0.001, 1), st.floats(0.001, 1),
    st.floats(0.1, 1), st.floats(0.1, 1),
)  # fmt: skip
def test_places_lie_inside_the_image_whatever_the_model_says(
    x: float, y: float, width: float, height: float, wide: float, high: float
) -> None:
    found = Placement((1 - wide) / 2, (1 - high) / 2, wide, high).in_image(Box(x, y, width, height))
    if found is not None:
        assert found.width > 0
        assert found.height > 0
        assert min(found.x, found.y) >= 0
        assert found.x + found.width <= 1.000001
        assert found.y + found.height <= 1.000001
