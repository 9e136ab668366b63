"""`opsroom quality verify`: do the signatures hold, and is what they were made on as it was sealed?"""

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.errors import Refusal
from opsroom.core.logs import configure_logs
from opsroom.main import House
from opsroom.migrations.check import SchemaMismatch, require_current
from opsroom.quality.kinds import LotStatus
from opsroom.quality.lots.models import Lot
from opsroom.quality.proofs.lot_proof import lot_record
from opsroom.quality.proofs.records import signatures_of
from opsroom.quality.signing.actions import verify
from opsroom.settings import load_settings

command = typer.Typer()


@dataclass(frozen=True, slots=True)
class Verdict:
    """findings: what is not as it should be; superseded: signatures that a later change made so, which is no fault
    waiting: entries of the trail that are not sealed yet
    """

    lot_number: str
    signatures: int
    superseded: int
    sealed: int
    waiting: int
    findings: tuple[str, ...]


@command.command("verify")
def verify_lots(
    lots: Annotated[list[str] | None, typer.Argument(help="Lot numbers; every decided lot if none is given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list.")] = False,
) -> None:
    """Check the signatures of lots and the sealed trail of their records. Exit code 1 when something is wrong."""
    configure_logs(as_json=False, level="ERROR")
    try:
        verdicts = asyncio.run(_verify(lots or []))
    except (Refusal, SchemaMismatch) as error:
        typer.echo(f"opsroom: {error}", err=True)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in verdicts]))
    else:
        for each in verdicts:
            typer.echo("\n".join(_lines(each)))
    raise typer.Exit(1 if any(each.findings for each in verdicts) else 0)


async def _verify(numbers: list[str]) -> list[Verdict]:
    house = House(load_settings())
    try:
        await require_current(house.database)
        async with house.database.reading() as connection:
            if not numbers:
                decided = select(Lot.lot_number).where(Lot.status.in_((LotStatus.RELEASED, LotStatus.REJECTED)))
                numbers = list((await connection.scalars(decided.order_by(Lot.lot_number))).all())
            return [await _of_lot(connection, number) for number in numbers]
    finally:
        await house.database.close()


async def _of_lot(connection: AsyncConnection, number: str) -> Verdict:
    record = await lot_record(connection, number)
    findings, superseded = [], 0
    signatures = await signatures_of(connection, record.lot_id)
    for signature_id in signatures:
        found = await verify(connection, signature_id)
        superseded += found.signature.superseded_at is not None
        name = f"the {found.signature.meaning.value} signed by {found.signature.printed_name}"
        if not found.is_of_this_record:
            findings.append(f"{name} was made on another record")
        if not found.hash_fits:
            findings.append(f"{name}: its hash is not that of its content")
        if not found.unchanged and found.signature.superseded_at is None:
            findings.append(f"{name}: the record changed and it is not marked as superseded")
    altered = sorted(entry for entry, unchanged in record.sealed.items() if not unchanged)
    findings += [f"entry {each} of the trail is not what was sealed" for each in altered]
    return Verdict(record.lot_number, len(signatures), superseded, len(record.sealed), record.waiting, tuple(findings))


def _lines(verdict: Verdict) -> list[str]:
    counts = (
        f"{verdict.signatures} signatures, {verdict.superseded} superseded; {verdict.sealed} entries sealed, "
        f"{verdict.waiting} waiting"
    )
    state = f"{len(verdict.findings)} findings" if verdict.findings else "all is well"
    return [f"{verdict.lot_number}: {state}; {counts}", *(f"  {each}" for each in verdict.findings)]
