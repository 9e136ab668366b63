"""The client: asks by HTTP as anybody does, and asks again when an answer is lost."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
from tests.torture.deliveries import Delivery
from tests.torture.programs import LONGEST, Server
from tests.torture.wrong import WentWrong

ASK_AGAIN = 0.1  # seconds
PROBLEM = "application/problem+json"


@dataclass
class Door:
    """imports, jobs, reports: ids from answers that came
    sent: how often each status file went out, by hash
    lost: answers that never came
    uncertain: downloads whose answer was lost, and which may be on record nevertheless
    """

    server: Server
    imports: set[str] = field(default_factory=set)
    jobs: set[str] = field(default_factory=set)
    reports: set[str] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    downloads: int = 0
    uncertain: int = 0

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(timeout=LONGEST)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def sign_in(self, username: str, password: str) -> None:
        answer = await self.ask("POST", "/api/v1/auth/token", data={"username": username, "password": password})
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One answer, whatever it says; raises httpx.TransportError when it is lost."""
        return await self._client.request(method, self.server.base + path, **options)

    async def hand_in(self, delivery: Delivery) -> None:
        """Send until it is accepted."""

        async def send() -> httpx.Response:
            self.sent[delivery.sha256] += 1
            files = {kind: (f"{kind}.csv", content) for kind, content in delivery.files.items()}
            return await self.ask("POST", "/api/v1/stores/imports", files=files)

        answer = await self._until_answered(send, {202})
        document = answer.json()
        self.imports.update(row["id"] for row in document["imports"])
        self.jobs.add(document["job_id"])

    async def trigger_report(self) -> str:
        """The id of a report that is being made: of this request, or of an earlier one whose answer was lost."""
        answer = await self._until_answered(lambda: self.ask("POST", "/trigger_report"), {200, 409})
        report_id = str(answer.json()["report_id"])
        self.reports.add(report_id)
        return report_id

    async def state_of_report(self, report_id: str) -> dict[str, Any]:
        answer = await self._until_answered(lambda: self.ask("GET", f"/get_report/{report_id}/"), {200})
        state: dict[str, Any] = answer.json()
        return state

    async def report(self, report_id: str) -> bytes:
        answer = await self.ask("GET", f"/download_report/{report_id}/")
        if answer.status_code != 200:
            raise WentWrong(f"report {report_id} cannot be fetched: {answer.text}")
        self.downloads += 1
        return answer.content

    async def _until_answered(self, send: Callable[[], Any], welcome: set[int]) -> httpx.Response:
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            try:
                answer: httpx.Response = await send()
            except httpx.ConnectError:
                pass  # nobody was there to ask
            except httpx.TransportError:
                self.lost += 1
            else:
                if answer.status_code in welcome:
                    return answer
                if answer.status_code != 503:
                    raise WentWrong(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
            await asyncio.sleep(ASK_AGAIN)
        raise WentWrong(f"no answer for {LONGEST:.0f} s")
