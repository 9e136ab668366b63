"""`opsroom dispatch decide`, `replay`, `simulate` and `tune`: on the database, in this process."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer

from opsroom.core.actor import Actor
from opsroom.core.clock import now
from opsroom.core.errors import Refusal
from opsroom.core.logs import configure_logs
from opsroom.dispatch.committing import commit
from opsroom.dispatch.deciding import Question, decide
from opsroom.dispatch.deciding_jobs import whole_seconds
from opsroom.dispatch.learned_models import LearnedPolicy
from opsroom.dispatch.options import DispatchOptions, options_from
from opsroom.dispatch.plan_models import Decision, DecisionType
from opsroom.dispatch.planning.policies.registry import POLICIES
from opsroom.dispatch.planning.simulation.scores import Score
from opsroom.dispatch.planning.simulation.training import LEARNABLE, Trained
from opsroom.dispatch.policy_learning import LearnPolicy, keep_learned, reason_of, trainer_for
from opsroom.dispatch.proposals import write_down
from opsroom.dispatch.queries import replay as made_again
from opsroom.dispatch.queries import stored
from opsroom.dispatch.simulating import Days, compared, days_like, named
from opsroom.dispatch.snapshot import read_operation, read_state
from opsroom.dispatch.travelling import travelled
from opsroom.main import House
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.settings import load_settings

decide_command, replay_command, simulate_command, tune_command = (typer.Typer() for _ in range(4))

ACTOR = Actor(name="command line")
T = TypeVar("T")

AtOption = Annotated[str | None, typer.Option("--at", help="As if it were then, such as 2026-11-20T06:00:00+03:00.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IterationsOption = Annotated[int | None, typer.Option(min=1, help="The solver's budget for a decision.")]


@decide_command.command()
def decide_now(
    policy: Annotated[str | None, typer.Option(help=f"One of {', '.join(sorted(POLICIES))}.")] = None,
    at: AtOption = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    horizon: Annotated[int, typer.Option(min=1, max=4, help="Decisions to look ahead.")] = 1,
    iterations: IterationsOption = None,
    replan: Annotated[bool, typer.Option("--replan", help="Take back what is not driven yet.")] = False,
    commit_it: Annotated[bool, typer.Option("--commit", help="Make it binding at once.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide which orders go now, with which vehicles, and which wait."""
    if policy is not None and policy not in POLICIES:
        raise typer.BadParameter(f"{policy} is not one of {', '.join(sorted(POLICIES))}", param_hint="--policy")
    when = _instant(at)

    async def work(house: House, options: DispatchOptions) -> Decision:
        question = Question(policy or options.policy, horizon, seed, iterations or options.iterations)
        async with house.database.transaction() as session:
            seen = await read_state(session, options, when, replan=replan)
        decided = decide(seen.state, travelled(seen.state, options.osrm_url), question)
        kind = DecisionType.REPLAN if replan else DecisionType.ON_DEMAND
        async with house.database.transaction() as session:
            row = await write_down(session, seen, decided, kind=kind, requested_by=ACTOR.name, job_id=None)
            if commit_it and row.orders_routed:
                row = await commit(session, house.queue, row.decision_id, ACTOR)
        return row

    row = _run(work)
    typer.echo(json.dumps(_as_json(row), indent=1) if as_json else "\n".join(_lines(row)))


@replay_command.command()
def replay_decision(
    decision: Annotated[str, typer.Argument(help="The decision_id.")], as_json: JsonOption = False
) -> None:
    """Make a stored decision again: identical, or exit 1 naming the difference."""

    async def work(house: House, _options: DispatchOptions) -> dict[str, Any]:
        async with house.database.reading() as connection:
            found = await stored(connection, decision)
        return made_again(found)

    found = _run(work)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        typer.echo("identical" if found["identical"] else "\n".join(found["differences"]))
    if not found["identical"]:
        raise typer.Exit(1)


@simulate_command.command()
def simulate_days(
    policies: Annotated[str, typer.Option(help="Separated by commas; the first is compared with.")] = "greedy,lazy,pfa",
    days: Annotated[int, typer.Option(min=1, max=1000)] = 5,
    decisions: Annotated[int, typer.Option(min=1, max=48, help="Decisions of a day.")] = 12,
    iterations: IterationsOption = 40,
    at: AtOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play policies on days like those in the database: the same orders and roads for each, with 95 % intervals."""
    names = list(dict.fromkeys(name.strip() for name in policies.split(",")))
    if unknown := sorted(set(names) - POLICIES.keys()):
        raise typer.BadParameter(f"{', '.join(unknown)}: not one of {', '.join(sorted(POLICIES))}")
    found = _days(at, decisions, iterations or 40)
    chosen = named(names, found.state.learned)
    scores: dict[str, list[Score]] = {
        name: [found.play(each, seed) for seed in range(days)] for name, each in chosen.items()
    }
    card = compared(scores)
    if as_json:
        typer.echo(json.dumps(card, indent=1))
    else:
        typer.echo("\n".join(_table(card)))


@tune_command.command()
def tune_policy(
    policy: Annotated[str, typer.Option(help=f"One of {', '.join(LEARNABLE)}.")] = "pfa",
    first: Annotated[int, typer.Option(min=1, help="Days of the first round; each round plays twice as many.")] = 2,
    held_out: Annotated[int, typer.Option(min=2, help="Further days that the winner is judged on.")] = 10,
    decisions: Annotated[int, typer.Option(min=1, max=48, help="Decisions of a day.")] = 12,
    iterations: IterationsOption = 20,
    at: AtOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Keep nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find what costs least on days like those in the database, by sequential halving; vfa: learn its values.

    It is kept as a version, and put in force if it is surely better on days held out.
    """
    if policy not in LEARNABLE:
        raise typer.BadParameter(f"{policy} has nothing to tune; one of {', '.join(LEARNABLE)} has")
    when = _instant(at)
    asked = LearnPolicy.model_validate(
        {"policy": policy, "days": first, "held_out": held_out, "decisions": decisions, "iterations": iterations or 20}
    )

    async def work(house: House, options: DispatchOptions) -> tuple[Trained, LearnedPolicy | None]:
        async with house.database.transaction() as session:
            trainer = await trainer_for(session, options, asked, when)
        trained = trainer.train(policy)
        if dry_run:
            return trained, None
        async with house.database.transaction() as session:
            return trained, await keep_learned(session, trained)

    trained, row = _run(work)
    kept = {} if row is None else {"number": row.number, "status": row.status.value}
    if as_json:
        ranked = [{"parameters": r.name, "cost_per_order_kes": r.mean / 100, "days": r.seeds} for r in trained.ranked]
        typer.echo(json.dumps({"ranked": ranked, "learned": {"why": reason_of(trained), **kept}}))
        return
    for place, each in enumerate(trained.ranked, start=1):
        typer.echo(f"{place:2}  {each.name:28}  KES {each.mean / 100:10,.2f} an order  on {each.seeds} days")
    typer.echo(" ".join([*(f"{name} {value}:" for name, value in list(kept.items())[:1]), reason_of(trained)]))


def _days(at: str | None, decisions: int, iterations: int) -> Days:
    when = _instant(at)

    async def work(house: House, options: DispatchOptions) -> Days:
        async with house.database.transaction() as session:
            state = await read_operation(session, options, when)
        return days_like(state, decisions, iterations)

    return _run(work)


def _run(work: Callable[[House, DispatchOptions], Awaitable[T]]) -> T:
    """A refusal is a sentence and exit code 2."""
    configure_logs(as_json=False, level="ERROR")

    async def inside() -> T:
        async with _house() as house:
            return await work(house, options_from(dict(house.settings)))

    try:
        return asyncio.run(inside())
    except (Refusal, SchemaMismatch) as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None


@asynccontextmanager
async def _house() -> AsyncIterator[House]:
    house = House(load_settings())
    try:
        await require_current(house.database)
        yield house
    finally:
        await house.database.close()


def _instant(text: str | None) -> datetime:
    if text is None:
        return whole_seconds(now())
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text} is no time; write it like 2026-11-20T06:00:00+03:00", param_hint="--at"
        ) from None
    return whole_seconds(found if found.tzinfo else found.replace(tzinfo=UTC))


def _as_json(row: Decision) -> dict[str, Any]:
    return {
        "decision_id": row.decision_id,
        "status": row.status.value,
        "policy": row.policy,
        "decided_for": row.decided_for.isoformat(),
        "routes": row.routes_proposed,
        "orders_routed": row.orders_routed,
        "orders_waiting": row.orders_waiting,
        "estimated_cost_kes": str(row.estimated_cost_kes),
        "confidence": row.confidence,
        "computation_ms": row.computation_ms,
    }


def _lines(row: Decision) -> list[str]:
    spent = f"KES {row.estimated_cost_kes:,}, {row.computation_ms} ms"
    lines = [f"{row.decision_id}: {row.status.value} by {row.policy}, {spent}"]
    for route in row.routes_proposed:
        orders = [stop["order"] for stop in route["stops"] if stop["act"] == "delivery"]
        lines.append(f"  {route['vehicle']}: {', '.join(orders)} ({route['metres'] / 1000:,.0f} km)")
    lines += [f"  waits {each['order_id']}: {'; '.join(each['reasons'])}" for each in row.orders_waiting]
    return lines


def _table(card: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{'policy':8}{'days':>5}{'KES an order':>18}{'difference':>18}{'in time':>16}{'wait, h':>13}"
        f"{'load':>13}{'lost':>6}{'late':>6}"
    )
    for each in card["policies"]:
        yield (
            f"{each['policy']:8}{each['days']:5}{_cell(each['cost_per_order_kes']):>18}"
            f"{_cell(each['cost_difference_kes']):>18}{_cell(each['service'], 3):>16}"
            f"{_cell(each['wait_hours'], 1):>13}{_cell(each['load'], 2):>13}{each['lost']:6}{each['late']:6}"
        )
    yield f"Means with 95 % intervals; differences are to {card['baseline']}, on the same days."


def _cell(found: dict[str, Any] | None, digits: int = 0) -> str:
    if found is None:
        return "–"
    if found["low"] is None:
        return f"{found['mean']:,.{digits}f}"
    return f"{found['mean']:,.{digits}f} ± {(found['high'] - found['low']) / 2:,.{digits}f}"
