from opsroom.quality.spc.pareto import ParetoBar, pareto


def test_the_most_frequent_comes_first_and_shares_add_up() -> None:
    bars = pareto(["burr", "dent", "scratch", "dent", "burr", "dent", "crack", "dent"])
    assert bars[0] == ParetoBar("dent", 4, 0.5, 4, 0.5)
    assert [bar.category for bar in bars] == ["dent", "burr", "crack", "scratch"]
    assert [bar.cumulative_count for bar in bars] == [4, 6, 7, 8]
    assert bars[-1].cumulative_share == 1


def test_nothing_makes_no_bars() -> None:
    assert pareto([]) == []
