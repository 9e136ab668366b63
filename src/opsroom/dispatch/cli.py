"""`opsroom dispatch …`"""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from opsroom.core.command_groups import group_with
from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.planning.routing.task import Budget
from opsroom.dispatch.planning.yardstick.instance import read_instance
from opsroom.dispatch.planning.yardstick.play import DayResult, play

# Commands that need the database; importing them would slow down those that do not.
LATER = {
    "import": "opsroom.commands.dispatch_import:command",
    "decide": "opsroom.commands.dispatch_plan:decide_command",
    "replay": "opsroom.commands.dispatch_plan:replay_command",
    "simulate": "opsroom.commands.dispatch_plan:simulate_command",
    "tune": "opsroom.commands.dispatch_plan:tune_command",
}


group = typer.Typer(help="Dispatch now, or wait and consolidate.", no_args_is_help=True, cls=group_with(LATER))


@group.callback()
def dispatch() -> None:
    """Keep `opsroom dispatch` a group even while it has a single command."""


@group.command()
def yardstick(
    instance: Annotated[Path, typer.Option(help="ORTEC instance in VRPLIB format.", exists=True, dir_okay=False)],
    seed: Annotated[int, typer.Option(help="Stands for the day's requests.")],
    policy: Annotated[str, typer.Option(help=f"One of {', '.join(sorted(POLICIES))}.")] = "best",
    epoch_seconds: Annotated[float, typer.Option(min=0.1, help="Time to think in each epoch.")] = 10.0,
    iterations: Annotated[
        int | None, typer.Option(min=1, help="Solver iterations an epoch instead of seconds; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Play one dynamic problem of the EURO meets NeurIPS 2022 competition and print what it cost."""
    if policy not in POLICIES:
        raise typer.BadParameter(f"{policy} is not one of {', '.join(sorted(POLICIES))}", param_hint="--policy")
    budget = Budget(seconds=epoch_seconds) if iterations is None else Budget(iterations=iterations)
    day = play(read_instance(instance), seed, POLICIES[policy], budget)
    print(_as_json(day, policy) if as_json else _as_text(day, policy))


def _as_json(day: DayResult, policy: str) -> str:
    epochs = [dataclasses.asdict(epoch) for epoch in day.epochs]
    return json.dumps({"cost": day.cost, "epochs": epochs, "policy": policy, "seconds": round(day.seconds, 3)})


def _as_text(day: DayResult, policy: str) -> str:
    lines = ["epoch  waiting  must go  sent  routes      cost  seconds"]
    lines += [
        f"{e.epoch:5}{e.waiting:9}{e.must_go:9}{e.sent:6}{e.routes:8}{e.cost:10}{e.seconds:9.2f}" for e in day.epochs
    ]
    lines.append(f"{policy}: {day.cost} driving seconds, decided in {day.seconds:.1f} s")
    return "\n".join(lines)
