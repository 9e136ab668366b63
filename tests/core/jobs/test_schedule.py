"""Work that is due every so often is asked for once a turn, whoever looks."""

import asyncio
from datetime import timedelta

from sqlalchemy import func, select
from tests.core.jobs.conftest import OpenWorkshop
from tests.core.jobs.workshop import WRITE, Workshop, writing

from opsroom.core.clock import now
from opsroom.core.jobs.models import Job, Schedule
from opsroom.core.jobs.schedule import ask_for_due

HOUR = timedelta(hours=1)


async def turn_the_hand_back(shop: Workshop, by: timedelta) -> None:
    async with shop.database.transaction() as session:
        (schedule,) = (await session.scalars(select(Schedule))).all()
        schedule.next_at -= by


async def jobs(shop: Workshop) -> int:
    async with shop.database.reading() as connection:
        return len((await connection.execute(select(Job.id))).all())


async def test_a_repeated_job_is_asked_for_at_once_and_again_when_its_time_has_come(workshop: OpenWorkshop) -> None:
    shop = workshop(writing(every=HOUR))
    assert await ask_for_due(shop.database, shop.queue) == [WRITE]
    await shop.work()
    assert await ask_for_due(shop.database, shop.queue) == []
    await turn_the_hand_back(shop, HOUR)
    assert await ask_for_due(shop.database, shop.queue) == [WRITE]
    await shop.work()
    assert await shop.effects() == ["done", "done"]


async def test_turns_that_nobody_was_there_for_are_made_up_for_by_one(workshop: OpenWorkshop) -> None:
    shop = workshop(writing(every=HOUR))
    await ask_for_due(shop.database, shop.queue)
    await shop.work()
    await turn_the_hand_back(shop, 30 * HOUR)
    await ask_for_due(shop.database, shop.queue)
    assert await ask_for_due(shop.database, shop.queue) == []
    assert await jobs(shop) == 2


async def test_a_turn_is_left_out_while_the_one_before_is_not_done(workshop: OpenWorkshop) -> None:
    shop = workshop(writing(every=HOUR))
    await ask_for_due(shop.database, shop.queue)
    await turn_the_hand_back(shop, HOUR)
    assert await ask_for_due(shop.database, shop.queue) == []
    async with shop.database.reading() as connection:
        assert await connection.scalar(select(func.count()).where(Schedule.next_at > now())) == 1
    assert await jobs(shop) == 1


async def test_of_many_workers_one_asks(workshop: OpenWorkshop) -> None:
    shop = workshop(writing(every=HOUR))
    asked = await asyncio.gather(*(ask_for_due(shop.database, shop.queue) for _ in range(4)))
    assert sorted(map(len, asked)) == [0, 0, 0, 1]
    assert await jobs(shop) == 1


async def test_jobs_without_a_time_are_never_asked_for(workshop: OpenWorkshop) -> None:
    shop = workshop()
    assert await ask_for_due(shop.database, shop.queue) == []
    assert await jobs(shop) == 0
