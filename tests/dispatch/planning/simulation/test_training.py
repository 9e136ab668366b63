"""What is learned on some days is judged on others, beside what is in force."""

from collections.abc import Sequence

from opsroom.dispatch.planning.learned import Learned, ValueCell
from opsroom.dispatch.planning.policies.policy import Policy
from opsroom.dispatch.planning.policies.registry import policy_of
from opsroom.dispatch.planning.policies.thresholds import FullOrDue
from opsroom.dispatch.planning.policies.values import ValueOfWaiting
from opsroom.dispatch.planning.problem import ArrivalBelief, State
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.simulation.run import Setting, Step, run
from opsroom.dispatch.planning.simulation.streams import generated
from opsroom.dispatch.planning.simulation.training import HELD_OUT, Trainer


class Days:
    """Three decisions a day over the morning's trucks, and which days were played."""

    def __init__(self, morning: State) -> None:
        self.belief = ArrivalBelief((3.0,), morning.orders[:3])
        self.setting = Setting(morning.instant, 3, morning.vehicles, travel=morning.travel, arrivals=self.belief)
        self.played: list[int] = []

    def play(self, policy: Policy, seed: int) -> Sequence[Step]:
        self.played.append(seed)
        orders = generated(self.belief, self.setting.begin, self.setting.begin + 7200, seed)
        return run(policy, self.setting, orders, seed, Budget(iterations=3))


def test_parameters_are_raced_on_some_days_and_judged_on_others(morning: State) -> None:
    days = Days(morning)
    trained = Trainer(days.play, days=1, held_out=3).train("pfa")
    assert trained.learned.policy == trained.learned.kind == "pfa"
    assert set(trained.learned.parameters) == {"fill", "slack"}
    assert trained.ranked[0].seeds == trained.trained_on
    assert {seed for seed in days.played if seed >= HELD_OUT} == {HELD_OUT, HELD_OUT + 1, HELD_OUT + 2}
    assert trained.difference.observations == trained.held_out == 3
    assert trained.better is (trained.difference.high < 0 and trained.service_after >= trained.service_before)


def test_what_is_in_force_already_is_not_better_than_itself(morning: State) -> None:
    days = Days(morning)
    present = Trainer(days.play, days=1, held_out=2).train("pfa").learned
    again = Trainer(days.play, (present,), days=1, held_out=2).train("pfa")
    assert again.learned == present
    assert (again.difference.mean, again.better) == (0, False)


def test_values_are_learned_in_passes_and_best_is_chosen_from_all(morning: State) -> None:
    days = Days(morning)
    values = Trainer(days.play, days=1, held_out=2).train("vfa")
    assert values.ranked == ()
    assert all(cell.observations > 0 for cell in values.learned.values)
    tuned = Learned("pfa", 7, "pfa", {"fill": 0.5, "slack": 0})
    best = Trainer(days.play, (tuned,), days=1, held_out=2).train("best")
    assert best.learned.policy == "best"
    assert "pfa fill=0.5 slack=0" in {each.name for each in best.ranked}


def test_a_policy_is_made_of_what_was_learned_of_it() -> None:
    tuned = Learned("pfa", 1, "pfa", {"fill": 0.5, "slack": 60})
    assert policy_of("pfa", [tuned]) == FullOrDue(0.5, 60)
    assert policy_of("best", [Learned("best", 2, "pfa", {"fill": 0.6, "slack": 0})]) == FullOrDue(0.6, 0)
    found = policy_of("vfa", [Learned("vfa", 3, "vfa", values=(ValueCell("Nakuru", 2, 0.3, 15),))])
    assert isinstance(found, ValueOfWaiting)
    # The mean of what was seen is what cells without observations have, and what the others are shrunk to.
    assert found.table.prior == 0.3
    assert found.table.share("Nakuru", 2) == 0.3
    assert policy_of("vfa") == ValueOfWaiting()
