"""Model files that are taken, and those that are not, with what they take instead.

The files in `models/` are made by onnx.helper: constants of the right or the wrong shape, some hundred bytes each.
"""

from pathlib import Path

import numpy as np
import pytest

from opsroom.quality.vision.decoding import findings
from opsroom.quality.vision.evaluation import evaluate
from opsroom.quality.vision.runtime import load, new_stop, shipped
from opsroom.quality.vision.tensors import Placement
from opsroom.quality.vision.values import UnusableModel, UnusableOutput

MODELS = Path(__file__).parent / "models"


def test_a_model_of_somebody_else_is_taken() -> None:
    model = load((MODELS / "good.onnx").read_bytes())
    assert (model.contract.name, model.contract.version, model.contract.labels) == ("always-a-dent", "7", ("dent",))
    outputs = model.run(np.zeros((3, 1, 64, 64), np.float32), new_stop())
    (found,) = findings(outputs, 2, model.contract, Placement(0, 0, 1, 1), 0.5)
    assert (found.type, round(found.confidence, 6), found.box.width) == ("dent", 0.9, 0.25)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("colour", r"takes tensor\(float\) \['b', 3, 224, 224\] named pixels; expected float32 \[batch, 1, height"),
        ("free_sides", "32 to 2048 pixels a side"),
        ("one_image", r"\[1, 1, 64, 64\] named pixels; expected float32 \[batch"),
        ("other_input", "named image; expected"),
        ("other_output", "gives boxes, scores, kinds; expected boxes, scores, types"),
        ("no_labels", "metadata lacks 'labels'"),
        ("bad_labels", "metadata cannot be read"),
        ("huge_batch", "`max_batch` in 1 to 1024"),
    ],
)
def test_a_model_that_takes_or_gives_something_else_is_refused_with_what_it_is(name: str, sentence: str) -> None:
    with pytest.raises(UnusableModel, match=sentence):
        load((MODELS / f"{name}.onnx").read_bytes())


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"not a model", shipped()[:5000]], ids=["0", "nul", "text", "cut"]
)
def test_what_is_no_model_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(UnusableModel, match="no ONNX model that can be run") as refused:
        load(content)
    assert "\n" not in str(refused.value)


def test_an_input_of_another_shape_and_an_impossible_answer_are_refused() -> None:
    with pytest.raises(UnusableModel, match="The model failed"):
        load(shipped()).run(np.zeros((1, 1, 64, 64), np.float32))
    with pytest.raises(UnusableOutput, match="none of its 1 labels"):
        load((MODELS / "unknown_type.onnx").read_bytes()).run(np.zeros((1, 1, 64, 64), np.float32))


def test_the_shipped_model_is_as_good_as_its_card_says_roughly() -> None:
    """A guard against shipping a broken file; the figures of the card are those of a thousand surfaces."""
    scores = evaluate(load(shipped()), 60)
    assert scores.overall.precision is not None
    assert scores.overall.recall is not None
    assert scores.overall.precision > 0.85
    assert scores.overall.recall > 0.85
    assert scores.images == 60
