"""Drawn surfaces, and the truth about them."""

import numpy as np
import pytest

from opsroom.quality.surfaces.drawing import draw
from opsroom.quality.surfaces.flaws import FLAWS
from opsroom.quality.surfaces.values import SIZE


def test_a_number_gives_the_same_surface_each_time() -> None:
    one, again, other = draw(5), draw(5), draw(6)
    assert (one.pixels == again.pixels).all()
    assert one.flaws == again.flaws
    assert (one.pixels != other.pixels).any()


@pytest.mark.parametrize("kind", FLAWS)
def test_each_kind_of_flaw_lies_in_its_box(kind: str) -> None:
    sound, flawed = draw(11, []), draw(11, [kind])
    (flaw,) = flawed.flaws
    assert flaw.type == kind
    x, y, width, height = flaw.box
    assert min(x, y) >= 0
    assert max(x + width, y + height) <= SIZE
    change = np.abs(flawed.pixels.astype(int) - sound.pixels.astype(int))
    inside = change[int(y) : int(y + height), int(x) : int(x + width)].sum()
    assert inside > 0.6 * change.sum()
    assert change.max() > 15


def test_about_a_quarter_of_the_surfaces_is_sound_and_no_two_flaws_touch() -> None:
    drawn = [draw(number) for number in range(40)]
    assert 4 <= sum(not each.flaws for each in drawn) <= 18
    for surface in drawn:
        boxes = [flaw.box for flaw in surface.flaws]
        for at, (x, y, width, height) in enumerate(boxes):
            for u, v, across, down in boxes[at + 1 :]:
                assert x >= u + across or u >= x + width or y >= v + down or v >= y + height
