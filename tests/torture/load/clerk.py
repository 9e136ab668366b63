"""Somebody who keeps records of customers, and knows at every moment what each of them must be."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.torture.load.caller import Caller
from tests.torture.wrong import require

PATH = "/api/v1/dispatch/customers"
ENOUGH = 60  # records of one clerk; beyond them more is deleted than created
MANY = 3  # records that are created at once
OF_OTHERS = (
    "/api/v1/stores?size=20",
    "/api/v1/dispatch/customers?size=50",
    "/api/v1/jobs?size=20",
    "/api/v1/reports?size=20",
    "/api/health",
    "/readyz",
    "/console/stores",
)


@dataclass(frozen=True, slots=True)
class Kept:
    name: str
    version: int


@dataclass
class Clerk:
    """kept: what must be there, by customer id; changes: answered writes"""

    caller: Caller
    rng: random.Random
    kept: dict[str, Kept] = field(default_factory=dict)
    created: int = 0
    changes: int = 0

    @property
    def mark(self) -> str:
        """Which all ids of this clerk begin with."""
        return f"L{self.caller.number:03}-"

    async def act(self) -> None:
        """One thing, chosen by chance: five reads to two writes."""
        acts: dict[Callable[[], Awaitable[None]], int] = {
            self.read_one: 35, self.read_all: 12, self.look_around: 23,
            self.create: 10, self.change: 14, self.delete: 4, self.create_many: 2,
        }  # fmt: skip
        if len(self.kept) > ENOUGH:
            acts[self.create_many], acts[self.delete] = 0, 16
        await self.rng.choices(list(acts), weights=list(acts.values()))[0]()

    async def read_one(self) -> None:
        if not self.kept:
            return
        key = self.rng.choice(list(self.kept))
        answer, _ = await self.caller.ask("read a record", "GET", f"{PATH}/{key}", {200})
        self._require(key, answer.json())

    async def read_all(self) -> None:
        path = f"{PATH}?customer_id__startswith={self.mark}&size=1000"
        answer, _ = await self.caller.ask("list own records", "GET", path, {200})
        found = {each["customer_id"]: each for each in answer.json()["items"]}
        require(found.keys() == self.kept.keys(), f"{path}: differs by {sorted(found.keys() ^ self.kept.keys())}")
        for key, record in found.items():
            self._require(key, record)

    async def look_around(self) -> None:
        path = self.rng.choice(OF_OTHERS)
        await self.caller.ask(f"GET {path}", "GET", path, {200})

    async def create(self) -> None:
        values = self._new()
        answer, _ = await self.caller.ask("create", "POST", PATH, {201}, json=values)
        self._keep(answer.json(), values)

    async def create_many(self) -> None:
        wanted = [self._new() for _ in range(MANY)]
        answer, _ = await self.caller.ask("create several", "POST", f"{PATH}/bulk", {200}, json={"create": wanted})
        for record, values in zip(answer.json()["created"], wanted, strict=True):
            self._keep(record, values)

    async def change(self) -> None:
        if not self.kept:
            return
        key = self.rng.choice(list(self.kept))
        before, name = self.kept[key], f"Name {self.rng.getrandbits(40)}"
        headers = {"If-Match": f'"{before.version}"'}
        answer, lost = await self.caller.ask(
            "change", "PATCH", f"{PATH}/{key}", {200, 412}, json={"name": name}, headers=headers
        )
        if answer.status_code == 412:
            require(lost, f"{key} was changed by somebody else: {answer.text}")
            answer, _ = await self.caller.ask("read a record", "GET", f"{PATH}/{key}", {200})
        self.kept[key] = Kept(name, before.version + 1)
        self._require(key, answer.json())
        self.changes += 1

    async def delete(self) -> None:
        if not self.kept:
            return
        key = self.rng.choice(list(self.kept))
        headers = {"If-Match": f'"{self.kept[key].version}"'}
        answer, lost = await self.caller.ask("delete", "DELETE", f"{PATH}/{key}", {204, 404}, headers=headers)
        require(answer.status_code == 204 or lost, f"{key} is gone already: {answer.text}")
        del self.kept[key]
        self.changes += 1

    def _new(self) -> dict[str, Any]:
        self.created += 1
        return {"customer_id": f"{self.mark}{self.created:05}", "name": f"Name {self.rng.getrandbits(40)}"}

    def _keep(self, record: dict[str, Any], values: dict[str, Any]) -> None:
        key = values["customer_id"]
        self.kept[key] = Kept(values["name"], 1)
        self._require(key, record)
        self.changes += 1

    def _require(self, key: str, record: dict[str, Any]) -> None:
        there = Kept(record["name"], record["version"])
        require(there == self.kept[key], f"{key} must be {self.kept[key]}, and is answered as {there}")
