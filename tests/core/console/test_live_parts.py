"""Streams that follow the database."""

from types import SimpleNamespace
from typing import Any

from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from opsroom.core.console.live import message, stream
from opsroom.core.db.engine import Database


def read_events(text: str) -> list[tuple[str, str]]:
    """Name and data of each event, by the words of the HTML standard (9.2.6)."""
    events = []
    for block in text.split("\n\n")[:-1]:
        fields = [line.split(": ", 1) for line in block.split("\n")]
        data = [value for name, value in fields if name == "data"]
        events.append(("".join(value for name, value in fields if name == "event"), "\n".join(data)))
    return events


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.just("\n")))
def test_any_text_arrives_line_by_line(text: str) -> None:
    [(name, data)] = read_events(message(text))
    assert name == ""
    assert data == text.removesuffix("\n")


class Script:
    """A part of a page whose content is given for each look."""

    def __init__(self, *looks: str) -> None:
        self.looks = list(looks)
        self.drawn = 0

    async def load(self, _connection: AsyncConnection) -> str:
        return self.looks.pop(0)

    def draw(self, seen: str) -> str:
        self.drawn += 1
        return f"<p>{seen}</p>"


async def listen(database: Database, script: Script, *, gone_after: int = 99) -> list[tuple[str, str]]:
    left = iter(range(gone_after))

    async def is_disconnected() -> bool:
        return next(left, None) is None

    request: Any = SimpleNamespace(
        app=SimpleNamespace(state=SimpleNamespace(database=database)), is_disconnected=is_disconnected
    )
    watched: Request = request
    response = stream(watched, script.load, script.draw, lambda seen: seen == "done")
    return read_events("".join([str(part) async for part in response.body_iterator]))


async def test_only_changes_are_sent_and_the_last_one_is_followed_by_the_end(database: Database) -> None:
    script = Script("40 %", "40 %", "80 %", "done")
    assert await listen(database, script) == [
        ("", "<p>40 %</p>"),
        ("", "<p>80 %</p>"),
        ("", "<p>done</p>"),
        ("end", ""),
    ]
    assert script.drawn == 3


async def test_nothing_is_read_for_somebody_who_left(database: Database) -> None:
    script = Script("40 %", "never looked at")
    await listen(database, script, gone_after=1)
    assert script.looks == ["never looked at"]
