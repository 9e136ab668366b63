"""From what a model gave to findings: threshold, the same thing found twice, places in the image."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from opsroom.quality.vision.tensors import Placement
from opsroom.quality.vision.values import Box, Contract, Found, Outputs, UnusableOutput

NAMES = ("boxes", "scores", "types")


def outputs_from(arrays: Mapping[str, Any], contract: Contract, images: int) -> Outputs:
    """Check the arrays that a model gave.

    Raises:
        UnusableOutput: one is missing, of another shape, or holds what no such model gives.
    """
    missing = [name for name in NAMES if name not in arrays]
    if missing:
        raise UnusableOutput(f"The model gave no output {', '.join(missing)}; expected {', '.join(NAMES)}.")
    boxes, scores, types = (np.asarray(arrays[name]) for name in NAMES)
    _check_shapes(boxes, scores, types, images)
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise UnusableOutput("The model gave values that are not finite numbers.")
    if scores.size and not (scores.min() >= 0 and scores.max() <= 1):
        raise UnusableOutput("The model gave scores outside 0 to 1.")
    if types.size and not (types.min() >= 0 and types.max() < len(contract.labels)):
        raise UnusableOutput(f"The model gave a type that is none of its {len(contract.labels)} labels.")
    return Outputs(boxes.astype(np.float32), scores.astype(np.float32), types.astype(np.int64))


def findings(outputs: Outputs, image: int, contract: Contract, placement: Placement, threshold: float) -> list[Found]:
    """The findings in one image of a batch, the most certain first.

    Of two that overlap more than the contract's `overlap` the less certain is left out, whatever their types: one place
    has one flaw (greedy non-maximum suppression).
    """
    kept: list[Found] = []
    order = np.argsort(-outputs.scores[image], kind="stable")
    for candidate in order.tolist():
        confidence = float(outputs.scores[image, candidate])
        if confidence < threshold:
            break
        box = placement.in_image(Box(*(float(value) for value in outputs.boxes[image, candidate])))
        if box is None or any(box.overlap(other.box) > contract.overlap for other in kept):
            continue
        kept.append(Found(contract.labels[int(outputs.types[image, candidate])], confidence, box))
    return kept


def _check_shapes(boxes: Any, scores: Any, types: Any, images: int) -> None:
    candidates = scores.shape[1] if scores.ndim == 2 else 0
    wanted = {"boxes": (images, candidates, 4), "scores": (images, candidates), "types": (images, candidates)}
    for name, array in (("boxes", boxes), ("scores", scores), ("types", types)):
        if array.shape != wanted[name]:
            raise UnusableOutput(f"The model gave {name} of shape {list(array.shape)}; expected {list(wanted[name])}.")
