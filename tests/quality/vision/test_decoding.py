"""From raw outputs to findings."""

from typing import Any

import numpy as np
import pytest

from opsroom.quality.vision.decoding import findings, outputs_from
from opsroom.quality.vision.tensors import Placement
from opsroom.quality.vision.values import Box, Contract, Found, Outputs, UnusableOutput

CONTRACT = Contract("m", "1", ("dent", "crack"), 64, 64, 0.5, 0.5, 8)
WHOLE = Placement(0.0, 0.0, 1.0, 1.0)


def outputs(*candidates: tuple[float, int, tuple[float, float, float, float]]) -> Outputs:
    return Outputs(
        np.array([[box for _, _, box in candidates]], np.float32),
        np.array([[score for score, _, _ in candidates]], np.float32),
        np.array([[kind for _, kind, _ in candidates]], np.int64),
    )


def told(found: list[Found]) -> list[tuple[str, float]]:
    return [(each.type, round(each.confidence, 3)) for each in found]


def test_findings_come_by_confidence_and_end_at_the_threshold() -> None:
    given = outputs((0.3, 0, (0, 0, 0.1, 0.1)), (0.9, 1, (0.5, 0.5, 0.1, 0.1)), (0.6, 0, (0.2, 0.2, 0.1, 0.1)))
    assert told(findings(given, 0, CONTRACT, WHOLE, 0.5)) == [("crack", 0.9), ("dent", 0.6)]
    assert told(findings(given, 0, CONTRACT, WHOLE, 0.0)) == [("crack", 0.9), ("dent", 0.6), ("dent", 0.3)]
    assert findings(given, 0, CONTRACT, WHOLE, 0.95) == []


def test_a_place_has_one_finding_the_surest() -> None:
    # The first two share 0.09 of 0.11, the third stands alone.
    given = outputs((0.8, 0, (0, 0, 0.2, 0.5)), (0.7, 1, (0.02, 0, 0.2, 0.5)), (0.6, 1, (0.7, 0.7, 0.2, 0.2)))
    assert told(findings(given, 0, CONTRACT, WHOLE, 0.5)) == [("dent", 0.8), ("crack", 0.6)]


def test_places_are_those_of_the_image_and_not_of_the_input() -> None:
    given = outputs((0.8, 0, (0.25, 0.5, 0.25, 0.25)))
    (found,) = findings(given, 0, CONTRACT, Placement(0.25, 0.0, 0.5, 1.0), 0.5)
    assert found.box == Box(0.0, 0.5, 0.5, 0.25)


def arrays(**changed: Any) -> dict[str, Any]:
    good = {"boxes": np.zeros((2, 3, 4)), "scores": np.zeros((2, 3)), "types": np.zeros((2, 3))}
    return {name: value for name, value in (good | changed).items() if value is not None}


def test_arrays_as_promised_are_taken() -> None:
    assert outputs_from(arrays(), CONTRACT, 2).types.dtype == np.int64


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"boxes": None}, "no output boxes"),
        ({"boxes": np.zeros((2, 3, 5))}, r"boxes of shape \[2, 3, 5\]; expected \[2, 3, 4\]"),
        ({"scores": np.zeros((1, 3))}, r"scores of shape \[1, 3\]; expected \[2, 3\]"),
        ({"scores": np.full((2, 3), np.nan)}, "not finite"),
        ({"boxes": np.full((2, 3, 4), np.inf)}, "not finite"),
        ({"scores": np.full((2, 3), 1.5)}, "outside 0 to 1"),
        ({"types": np.full((2, 3), 2)}, "none of its 2 labels"),
        ({"types": np.full((2, 3), -1)}, "none of its 2 labels"),
    ],
    ids=["missing", "boxes", "scores", "nan", "infinite", "above one", "unknown type", "negative type"],
)
def test_anything_else_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnusableOutput, match=sentence):
        outputs_from(arrays(**changed), CONTRACT, 2)
