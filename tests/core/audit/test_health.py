"""A trail with gaps shows in the state of health."""

import httpx
from sqlalchemy import text

from opsroom.core.db.engine import Database


async def test_a_gap_degrades_the_state_of_health(user: httpx.AsyncClient, database: Database) -> None:
    healthy = (await user.get("/api/health")).json()
    assert (healthy["status"], healthy["audit_gaps"]) == ("ok", [])
    async with database.transaction() as session:
        statement = "audit_delete ON users" if database.is_postgresql else "audit_users_delete"
        await session.execute(text(f"DROP TRIGGER {statement}"))
    degraded = (await user.get("/api/health")).json()
    assert degraded["status"] == "degraded"
    (gap,) = degraded["audit_gaps"]
    assert gap.endswith("is not active")
