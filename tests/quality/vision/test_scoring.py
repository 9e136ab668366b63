"""Precision and recall, worked by hand."""

from opsroom.quality.vision.scoring import Score, Truth, score
from opsroom.quality.vision.values import Box, Found

HERE, THERE = Box(0.1, 0.1, 0.2, 0.2), Box(0.6, 0.6, 0.2, 0.2)
NEAR = Box(0.15, 0.1, 0.2, 0.2)  # shares 0.03 of 0.05 with HERE: 0.6
FAR = Box(0.25, 0.1, 0.2, 0.2)  # shares 0.01 of 0.07: 0.14


def test_boxes_overlap_by_their_shared_share() -> None:
    assert round(HERE.overlap(NEAR), 9) == 0.6
    assert HERE.overlap(THERE) == 0
    assert round(HERE.overlap(HERE), 9) == 1


def test_a_finding_is_right_by_type_and_place_and_only_once() -> None:
    images = [
        (
            [Found("dent", 0.9, NEAR), Found("dent", 0.8, HERE), Found("crack", 0.7, THERE)],
            [Truth("dent", HERE), Truth("scratch", THERE)],
        ),
        ([Found("dent", 0.6, FAR)], [Truth("dent", HERE)]),
        ([Found("crack", 0.6, FAR)], []),
        ([], []),
    ]
    scores = score(images, ("dent", "crack", "scratch"))
    assert scores.by_type == {"dent": Score(1, 2, 1), "crack": Score(0, 2, 0), "scratch": Score(0, 0, 1)}
    assert scores.overall == Score(1, 4, 2)
    assert (scores.images, scores.sound, scores.false_alarms) == (4, 2, 1)
    assert scores.overall.precision == 0.2
    assert scores.overall.recall == 1 / 3


def test_without_findings_or_flaws_there_is_no_share() -> None:
    assert Score(0, 0, 3).precision is None
    assert Score(0, 0, 3).recall == 0
    assert Score(0, 3, 0).recall is None
