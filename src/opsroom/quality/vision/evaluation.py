"""What a model finds on drawn surfaces, compared with what was drawn on them."""

from collections.abc import Iterator, Sequence

from opsroom.quality.surfaces.drawing import draw
from opsroom.quality.surfaces.values import SIZE, Surface
from opsroom.quality.vision.decoding import findings
from opsroom.quality.vision.runtime import Model
from opsroom.quality.vision.scoring import Scores, Truth, score
from opsroom.quality.vision.tensors import batch, prepared
from opsroom.quality.vision.values import Box, Found, Grey

UNSEEN = 1_500_000  # training saw those below 4,000; the threshold was chosen on some from 1,000,000 on


def evaluate(model: Model, count: int, *, first: int = UNSEEN, threshold: float | None = None) -> Scores:
    """Precision and recall on so many surfaces. Blocking; some milliseconds for each."""
    least = model.contract.threshold if threshold is None else threshold
    return score(_compared(model, range(first, first + count), least), model.contract.labels)


def found_on(model: Model, pictures: Sequence[Grey], threshold: float) -> list[list[Found]]:
    """Findings on each of at most `max_batch` pictures."""
    images = [prepared(pixels, model.contract) for pixels in pictures]
    outputs = model.run(batch(images))
    return [findings(outputs, row, model.contract, each.placement, threshold) for row, each in enumerate(images)]


def _compared(model: Model, numbers: range, threshold: float) -> Iterator[tuple[list[Found], list[Truth]]]:
    at_once = min(16, model.contract.max_batch)
    for start in range(0, len(numbers), at_once):
        surfaces = [draw(number) for number in numbers[start : start + at_once]]
        found = found_on(model, [surface.pixels for surface in surfaces], threshold)
        yield from ((each, _truths(surface)) for each, surface in zip(found, surfaces, strict=True))


def _truths(surface: Surface) -> list[Truth]:
    return [Truth(flaw.type, Box(*(side / SIZE for side in flaw.box))) for flaw in surface.flaws]
