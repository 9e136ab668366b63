"""An inspection to hand images in to, and words to ask about what became of them."""

import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from opsroom.quality.surfaces.drawing import draw

Q = "/api/v1/quality"
Work = Callable[[], Awaitable[None]]
Problem = Callable[[httpx.Response, int], dict[str, Any]]
NUMBER = 2_000_000  # surfaces that nothing was trained on begin below it


def png(number: int, flaws: list[str]) -> bytes:
    written = io.BytesIO()
    Image.fromarray(draw(number, flaws).pixels).save(written, "PNG")
    return written.getvalue()


async def made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(f"{Q}/{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def hand_in(client: httpx.AsyncClient, inspection: str, content: bytes, unit: int = 1) -> str:
    answer = await client.post(
        f"{Q}/inspections/{inspection}/files", files={"file": ("a.png", content)}, data={"unit_number": str(unit)}
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["artifact_id"]
    return found


async def infer(client: httpx.AsyncClient, inspection: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{Q}/inspections/{inspection}/infer", json=body)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(client: httpx.AsyncClient, what: str, **query: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{Q}/{what}", params={"order": "created_at", **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.fixture
async def inspection(manager: httpx.AsyncClient) -> str:
    await made(manager, "parts", {"part_number": "P", "name": "Plate", "type": "component"})
    await made(manager, "lots", {"lot_number": "L", "part_id": "P", "quantity": 10})
    found: str = (await made(manager, "inspections", {"lot_id": "L", "type": "final"}))["id"]
    return found
