"""After the load: is everything there that was answered, and nothing else?"""

from collections.abc import Iterator

from sqlalchemy import select
from tests.torture.ledger import EPOCH, MICROSECOND, Ledger
from tests.torture.load.caller import Caller
from tests.torture.load.clerk import Clerk, Kept
from tests.torture.reference import Reference
from tests.torture.wrong import require

from opsroom.core.reports.models import Report
from opsroom.dispatch.models import Customer


async def account_for(ledger: Ledger, clerks: list[Clerk], caller: Caller, reference: Reference) -> None:
    """Records as their clerks know them; imports, reports and jobs complete, once, and on record; a last report that
    is what the bare files give.
    """
    async with ledger.database.reading() as connection:
        rows = await connection.execute(select(Customer.customer_id, Customer.name, Customer.version))
        there = {key: Kept(name, version) for key, name, version in rows}
    found = list(_differences({key: kept for clerk in clerks for key, kept in clerk.kept.items()}, there))
    require(not found, "\n".join(found))
    await _compare_a_report(ledger, caller, reference)
    await ledger.check(whole=True)


def _differences(wanted: dict[str, Kept], there: dict[str, Kept]) -> Iterator[str]:
    for key in sorted(wanted.keys() | there.keys()):
        if wanted.get(key) != there.get(key):
            yield f"customer {key} must be {wanted.get(key)}, and is {there.get(key)}"


async def _compare_a_report(ledger: Ledger, caller: Caller, reference: Reference) -> None:
    answer, _ = await caller.ask("ask for a report", "POST", "/trigger_report", {200})
    report_id = answer.json()["report_id"]
    ledger.door.reports.add(report_id)
    await ledger.settle()
    answer, _ = await caller.ask("download", "GET", f"/download_report/{report_id}/", {200})
    ledger.door.downloads += 1
    async with ledger.database.reading() as connection:
        as_of = await connection.scalar(select(Report.as_of).where(Report.id == report_id))
    possible = reference.possible([], ((as_of or EPOCH) - EPOCH) // MICROSECOND)
    require(answer.content in list(possible), f"report {report_id} is not what the bare files give")
