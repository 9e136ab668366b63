"""Further worked examples in print, with their data: Montgomery, Introduction to Statistical Quality Control."""

import math

import numpy as np
import pytest

from opsroom.quality.spc.acceptance import acceptance_chances
from opsroom.quality.spc.attributes import u_chart
from opsroom.quality.spc.capability import Specification, capability
from opsroom.quality.spc.constants import c4, d2, d3
from opsroom.quality.spc.plans import sampling_plan
from opsroom.quality.spc.subgroups import Subgroups
from opsroom.quality.spc.variables import individuals, xbar_r

FLOW_WIDTHS = """
1.3235 1.4128 1.6744 1.4573 1.6914  1.4314 1.3592 1.6075 1.4666 1.6109  1.4284 1.4871 1.4932 1.4324 1.5674
1.5028 1.6352 1.3841 1.2831 1.5507  1.5604 1.2735 1.5265 1.4363 1.6441  1.5955 1.5451 1.3574 1.3281 1.4198
1.6274 1.5064 1.8366 1.4177 1.5144  1.4190 1.4303 1.6637 1.6067 1.5519  1.3884 1.7277 1.5355 1.5176 1.3688
1.4039 1.6697 1.5089 1.4627 1.5220  1.4158 1.7667 1.4278 1.5928 1.4181  1.5821 1.3355 1.5777 1.3908 1.7559
1.2856 1.4106 1.4447 1.6398 1.1928  1.4951 1.4036 1.5893 1.6458 1.4969  1.3589 1.2863 1.5996 1.2497 1.5471
1.5747 1.5301 1.5171 1.1839 1.8662  1.3680 1.7269 1.3957 1.5014 1.4449  1.4163 1.3864 1.3057 1.6210 1.5573
1.5796 1.4185 1.6541 1.5116 1.7247  1.7106 1.4412 1.2361 1.3820 1.7601  1.4371 1.5051 1.3485 1.5670 1.4880
1.4738 1.5936 1.6583 1.4973 1.4720  1.5917 1.4333 1.5551 1.5295 1.6866  1.6399 1.5243 1.5705 1.5563 1.5530
1.5797 1.3663 1.6240 1.3732 1.6877
"""
LOAN_COSTS = [310, 288, 297, 298, 307, 303, 294, 297, 308, 306, 294, 299, 297, 299, 314, 295, 293, 306, 301, 304]
SHIPMENT_ERRORS = [2, 3, 8, 1, 1, 4, 1, 4, 5, 1, 8, 2, 4, 3, 4, 1, 8, 3, 7, 4]
DYED_CLOTH = [14, 12, 20, 11, 7, 10, 21, 16, 19, 23]
INSPECTION_UNITS = [10, 8, 13, 10, 9.5, 10, 12, 10.5, 12, 12.5]


@pytest.fixture
def flow_widths() -> Subgroups:
    rows = np.array([float(word) for word in FLOW_WIDTHS.split()]).reshape(25, 5)
    return Subgroups.from_rows(list(rows))


def test_flow_widths_of_the_hard_bake_process(flow_widths: Subgroups) -> None:
    """Example 6.1: limits 1.31795 and 1.69325 with A2 = 0.577, 0.68749 with D4 = 2.114; the exact factors are close."""
    chart = xbar_r(flow_widths)
    assert (chart.center, chart.lcl, chart.ucl) == pytest.approx((1.5056, 1.31795, 1.69325), abs=1e-4)
    assert chart.sigma == pytest.approx(0.1398, abs=5e-5)
    assert chart.dispersion is not None
    assert (chart.dispersion.center, chart.dispersion.lcl) == pytest.approx((0.32521, 0), abs=5e-5)
    assert chart.dispersion.ucl == pytest.approx(0.68749, abs=2e-4)
    assert len(chart.signals) == 0
    assert len(chart.dispersion.signals) == 0


def test_capability_of_the_hard_bake_process(flow_widths: Subgroups) -> None:
    found = capability(flow_widths, Specification(lower=1.0, upper=2.0), within="range")
    assert found.cp == pytest.approx(1.192, abs=5e-4)
    assert (found.cpl, found.cpu, found.cpk) == pytest.approx((1.205, 1.179, 1.179), abs=1e-3)


def test_costs_of_processing_loans() -> None:
    """Example 6.5: D4 = 3.267 gives 25.45, and 3 / 1.128 gives 321.22 and 279.78."""
    chart = individuals(LOAN_COSTS)
    assert (chart.center, chart.lcl, chart.ucl) == pytest.approx((300.5, 279.78, 321.22), abs=2e-2)
    assert chart.dispersion is not None
    assert (chart.dispersion.center, chart.dispersion.ucl) == pytest.approx((7.79, 25.45), abs=1e-2)
    assert len(chart.signals) == 0


def test_errors_on_shipments() -> None:
    """Example 7.4: fifty shipments a week."""
    chart = u_chart(SHIPMENT_ERRORS, [50] * 20)
    assert (chart.center, chart.lcl, chart.ucl) == pytest.approx((0.0740, 0, 0.1894), abs=5e-5)


def test_defects_of_dyed_cloth_by_inspection_units() -> None:
    """Example 7.5: limits follow the inspection units of each roll."""
    chart = u_chart(DYED_CLOTH, INSPECTION_UNITS)
    assert chart.center == pytest.approx(1.42, abs=5e-3)
    assert isinstance(chart.lcl, np.ndarray)
    assert isinstance(chart.ucl, np.ndarray)
    assert (chart.lcl[0], chart.ucl[0]) == pytest.approx((0.29, 2.55), abs=1e-2)
    assert (chart.lcl[1], chart.ucl[1]) == pytest.approx((0.16, 2.68), abs=1e-2)
    assert len([signal for signal in chart.signals if signal.rule == 1]) == 0


@pytest.mark.parametrize(
    ("p", "chance"),
    [
        (0.01, 0.9397), (0.02, 0.7366), (0.03, 0.4985), (0.04, 0.3042), (0.05, 0.1721),
        (0.06, 0.0919), (0.07, 0.0468), (0.08, 0.0230), (0.09, 0.0109),
    ],
)  # fmt: skip
def test_the_operating_characteristic_of_89_units_of_which_2_may_fail(p: float, chance: float) -> None:
    """Table 15.2; the lot is so large that a hundredth of it is a whole number of units."""
    found = acceptance_chances(1_000_000, 89, 2, round(p * 1_000_000))
    assert found.binomial == pytest.approx(chance, abs=1e-4)
    assert found.hypergeometric == pytest.approx(chance, abs=2e-4)


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("normal", (125, 2, 3)), ("tightened", (125, 1, 2)), ("reduced", (50, 1, 3))],
)
def test_the_plans_for_two_thousand_units_at_0_65_percent(severity: str, expected: tuple[int, int, int]) -> None:
    """Section 15.4, level II, code letter K."""
    plan = sampling_plan(2000, "II", 0.65, severity)
    assert (plan.code, plan.n, plan.ac, plan.re) == ("K", *expected)


@pytest.mark.parametrize(
    ("n", "printed"),
    # Appendix VI: A2, A3, B3, B4, D3, D4, to three places.
    [
        (2, (1.880, 2.659, 0, 3.267, 0, 3.267)),
        (3, (1.023, 1.954, 0, 2.568, 0, 2.575)),
        (4, (0.729, 1.628, 0, 2.266, 0, 2.282)),
        (5, (0.577, 1.427, 0, 2.089, 0, 2.114)),
        (6, (0.483, 1.287, 0.030, 1.970, 0, 2.004)),
        (7, (0.419, 1.182, 0.118, 1.882, 0.076, 1.924)),
        (8, (0.373, 1.099, 0.185, 1.815, 0.136, 1.864)),
        (9, (0.337, 1.032, 0.239, 1.761, 0.184, 1.816)),
        (10, (0.308, 0.975, 0.284, 1.716, 0.223, 1.777)),
        (15, (0.223, 0.789, 0.428, 1.572, 0.347, 1.653)),
        (20, (0.180, 0.680, 0.510, 1.490, 0.415, 1.585)),
        (25, (0.153, 0.606, 0.565, 1.435, 0.459, 1.541)),
    ],
)
def test_the_factors_of_the_appendix_follow(n: int, printed: tuple[float, ...]) -> None:
    mean_of_s, spread_of_s = c4(n), math.sqrt(1 - c4(n) ** 2)
    factors = (
        3 / d2(n) / math.sqrt(n),
        3 / mean_of_s / math.sqrt(n),
        max(0, 1 - 3 * spread_of_s / mean_of_s),
        1 + 3 * spread_of_s / mean_of_s,
        max(0, 1 - 3 * d3(n) / d2(n)),
        1 + 3 * d3(n) / d2(n),
    )
    assert factors == pytest.approx(printed, abs=6e-4)
