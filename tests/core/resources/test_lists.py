"""Filters, orders, pages and cursors against a slow and obvious model of the same rows, on both databases."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cmp_to_key
from itertools import count
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, insert, text

from opsroom.core.actor import SYSTEM, Actor
from opsroom.core.db.engine import Database
from opsroom.core.db.filters import filter_parameters, parse_listing
from opsroom.core.db.views import Listing
from opsroom.core.errors import Invalid, NotFound
from opsroom.core.resources.crud import get_all_items, get_items, to_json, update_item
from opsroom.core.resources.declaration import Resource

Row = dict[str, Any]

INSTANTS = [datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (6, 9, 12)]
CHOICES: dict[str, list[Any]] = {
    "label": ["Axle", "axle box", "BOX_9", "box%9", "back\\slash", "Ünde", "_"],
    "state": ["waiting", "sent", "lost"],
    "fragile": [True, False],
    "pieces": [-1, 0, 1, 2, 7],
    "weight_kg": [None, -0.5, 1.0, 2.25],
    "price": [None, Decimal("0.10"), Decimal("9.90"), Decimal("10.00")],
    "ready_at": [None, *INSTANTS],
    "due_on": [None, date(2026, 3, 1), date(2026, 11, 30)],
    "slot": [None, time(8, 30), time(8, 30, 0, 500), time(17)],
    "tags": [None, ["north", 1], ["north"], [1.0, True, None], {"lane": "north", "n": 1}, {"lane": None}, "north", 3],
}
WANTED = ["north", '["north"]', "[1]", "[true]", "[null]", "[]", "{}", '{"lane":"north"}', '{"lane":null}', '{"n":1}']
NUMBERLIKE = ("pieces", "weight_kg", "price", "ready_at", "due_on", "slot")


def made_rows() -> list[Row]:
    """Forty rows with many ties and nulls; ids do not follow the order of anything else."""
    chance = random.Random(11)  # noqa: S311  reproducible rows, not secrets
    rows = [{name: chance.choice(values) for name, values in CHOICES.items()} for _ in range(40)]
    ids = [UUID(int=(0x0190 << 112) | chance.getrandbits(96)) for _ in rows]
    return [{"id": row_id, "depot_id": None, **row} for row_id, row in zip(ids, rows, strict=True)]


ROWS = made_rows()


@pytest.fixture
async def filled(scratch: Database, parcels: Resource) -> Database:
    async with scratch.transaction() as session:
        await session.execute(insert(parcels.model), ROWS)
    return scratch


# The model.


def equal(mine: Any, theirs: Any) -> bool:
    return mine is not None and mine == theirs


def json_contains(document: Any, wanted: str) -> bool:
    parsed = msgspec.json.decode(wanted) if wanted[0] in "[{" else [wanted]
    if isinstance(parsed, dict):
        return isinstance(document, dict) and all(
            name in document and same_json(document[name], value) for name, value in parsed.items()
        )
    return isinstance(document, list) and all(any(same_json(have, want) for have in document) for want in parsed)


def same_json(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "": equal,
    "__ne": lambda mine, theirs: not equal(mine, theirs),
    "__in": lambda mine, theirs: any(equal(mine, each) for each in theirs),
    "__gt": lambda mine, theirs: mine is not None and mine > theirs,
    "__gte": lambda mine, theirs: mine is not None and mine >= theirs,
    "__lt": lambda mine, theirs: mine is not None and mine < theirs,
    "__lte": lambda mine, theirs: mine is not None and mine <= theirs,
    "__isnull": lambda mine, theirs: (mine is None) == theirs,
    "__icontains": lambda mine, theirs: theirs.lower() in mine.lower(),
    "__startswith": lambda mine, theirs: mine.startswith(theirs),
    "__contains": json_contains,
}


def in_order(rows: list[Row], order: list[tuple[str, bool]]) -> list[Row]:
    """Null is larger than everything; ties go by id, in the direction of the last field."""
    keys = [*order, ("id", order[-1][1])]  # without effect, where the id is among them

    def compare(one: Row, other: Row) -> int:
        for name, descending in keys:
            mine, theirs = ((row[name] is None, row[name]) for row in (one, other))
            if mine != theirs:
                return -1 if (mine < theirs) != descending else 1
        return 0

    return sorted(rows, key=cmp_to_key(compare))


# What is asked.


def as_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(as_text(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def known(name: str) -> list[Any]:
    values = CHOICES[name] if name in CHOICES else [row[name] for row in ROWS]
    return [value for value in values if value is not None]


def asked_with(name: str, operator: str) -> st.SearchStrategy[Any]:
    """What a filter may be asked with: mostly values that some row has."""
    if operator == "isnull":
        return st.booleans()
    if operator == "contains":
        return st.sampled_from(WANTED)
    if operator in {"icontains", "startswith"}:
        return st.text("aAxXbBoO %_9\\", min_size=1, max_size=3)
    one = st.sampled_from(known(name))
    return st.lists(one, min_size=1, max_size=5) if operator == "in" else one


def filters(resource: Resource) -> st.SearchStrategy[list[tuple[str, str, Any]]]:
    """Up to three filters of every field's every operator."""
    every = [
        (field.name, operator)
        for field, operator in filter_parameters(resource.view).values()
        if field.name in {"id", *CHOICES}
    ]
    assert {operator for _, operator in every} == {each.removeprefix("__") or "eq" for each in COMPARISONS}
    one = st.sampled_from(every).flatmap(
        lambda each: asked_with(*each).map(lambda value: (each[0], "" if each[1] == "eq" else f"__{each[1]}", value))
    )
    return st.lists(one, max_size=3, unique_by=lambda each: each[:2])


orders = st.lists(
    st.tuples(st.sampled_from(["id", "state", "fragile", *NUMBERLIKE]), st.booleans()),
    min_size=1,
    max_size=3,
    unique_by=lambda each: each[0],
)


def query_of(asked: list[tuple[str, str, Any]], order: list[tuple[str, bool]]) -> str:
    parts = [f"{name}{operator}={quote(as_text(value))}" for name, operator, value in asked]
    parts.append("order=" + ",".join(f"-{name}" if descending else name for name, descending in order))
    return "&".join(parts)


async def ids_of(database: Database, resource: Resource, query: str) -> tuple[list[str], dict[str, Any]]:
    page = await get_items(database, resource, parse_listing(resource.view, query.encode()), SYSTEM)
    document = json_of(page)
    return [item["id"] for item in document["items"]], document


def json_of(page: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(to_json(page))
    return document


async def walked(database: Database, resource: Resource, query: str) -> list[str]:
    """The ids met by following cursors to the end."""
    found, page = await ids_of(database, resource, query)
    while page["next_cursor"]:
        more, page = await ids_of(database, resource, f"{query}&cursor={page['next_cursor']}")
        found += more
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), order=orders, size=st.integers(1, 45), page=st.integers(1, 6))
async def test_a_list_is_what_filtering_and_sorting_the_rows_gives(
    filled: Database, parcels: Resource, data: st.DataObject, order: list[tuple[str, bool]], size: int, page: int
) -> None:
    asked = data.draw(filters(parcels))
    matching = [row for row in ROWS if all(COMPARISONS[op](row[name], value) for name, op, value in asked)]
    expected = [str(row["id"]) for row in in_order(matching, order)]
    query = query_of(asked, order)
    ids, document = await ids_of(filled, parcels, f"{query}&size={size}&page={page}")
    assert ids == expected[(page - 1) * size : page * size]
    assert document["total"] == len(expected)
    assert document["pages"] == len([number for number in range(len(expected)) if number % size == 0])
    assert (document["next_cursor"] is not None) == (page * size < len(expected))
    assert await walked(filled, parcels, f"{query}&size={max(size, 7)}") == expected
    everything = Listing(conditions=parse_listing(parcels.view, query.encode()).conditions, order=tuple(order))
    all_items = [item async for item in get_all_items(filled, parcels, everything, SYSTEM)]
    assert [str(item["id"]) for item in all_items] == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(descending=st.booleans(), size=st.integers(1, 9))
async def test_a_list_ordered_by_text_meets_every_row_once(
    filled: Database, parcels: Resource, *, descending: bool, size: int
) -> None:
    order = "-label,pieces" if descending else "label"
    whole, _ = await ids_of(filled, parcels, f"order={order}&size=1000")
    assert len(whole) == len(ROWS)
    assert await walked(filled, parcels, f"order={order}&size={size}") == whole


async def test_every_word_of_a_search_must_occur(filled: Database, parcels: Resource) -> None:
    found, _ = await ids_of(filled, parcels, "q=AXLE%20bo&order=id")
    assert found == sorted(str(row["id"]) for row in ROWS if row["label"] == "axle box")
    assert found


async def test_all_items_are_read_in_order(filled: Database, parcels: Resource) -> None:
    listing = Listing(order=(("pieces", False),))
    found = [record async for record in get_all_items(filled, parcels, listing, SYSTEM)]
    assert [record["pieces"] for record in found] == sorted(row["pieces"] for row in ROWS)


async def test_rows_that_raw_sql_inserted_within_one_second_are_all_met_by_a_cursor(
    scratch: Database, parcels: Resource
) -> None:
    async with scratch.transaction() as session:
        for number in range(7):
            row_id = UUID(int=number + 1)
            value = str(row_id) if scratch.is_postgresql else row_id.hex
            await session.execute(
                text(f"INSERT INTO parcels (id, label, state, fragile, pieces) VALUES ('{value}','x','sent',false,1)")
            )
    assert len(await walked(scratch, parcels, "order=created_at&size=2")) == 7


async def test_a_read_that_overruns_the_event_loops_budget_gives_the_same_rows(
    scratch: Database, parcels: Resource
) -> None:
    numbers = count(1)
    many = [{**row, "id": UUID(int=next(numbers)), "label": "x" * 80} for row in ROWS * 100]
    async with scratch.transaction() as session:
        await session.execute(insert(parcels.model), many)
    page = await get_items(scratch, parcels, parse_listing(parcels.view, b"label__icontains=xy&fields=id"), SYSTEM)
    assert (page["items"], page["total"]) == ([], 0)
    page = await get_items(scratch, parcels, parse_listing(parcels.view, b"label__icontains=x&size=1"), SYSTEM)
    assert page["total"] == len(many)


async def test_a_rule_with_a_list_of_any_length_shows_each_actor_their_own(filled: Database, parcels: Resource) -> None:
    """The statement is compiled once; neither values nor lengths may stay from the actor before."""

    def own(actor: Actor) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = parcels.table.c.label.in_(actor.name.split(","))
        return mine

    ruled = replace(parcels, visible_to=own)
    for names in ("Axle", "BOX_9,_", "_", "Axle,BOX_9,_", "nothing"):
        visible = {str(row["id"]) for row in ROWS if row["label"] in names.split(",")}
        listing = parse_listing(ruled.view, b"pieces__gte=-1&order=pieces&size=1000")
        page = await get_items(filled, ruled, listing, Actor(name=names))
        assert {record["id"] for record in json_of(page)["items"]} == visible
        assert page["total"] == len(visible)
        for row in ROWS[:12]:
            found = str(row["id"]) in visible
            async with filled.transaction() as session:
                if found:
                    changed = await update_item(session, ruled, row["id"], {"pieces": 3}, Actor(name=names))
                    assert changed.record["pieces"] == 3
                else:
                    with pytest.raises(NotFound):
                        await update_item(session, ruled, row["id"], {"pieces": 3}, Actor(name=names))
                await session.rollback()


async def test_fields_narrow_and_the_total_may_be_left_out(filled: Database, parcels: Resource) -> None:
    _, document = await ids_of(filled, parcels, "fields=id,price&size=3&total=false")
    assert [set(item) for item in document["items"]] == [{"id", "price"}] * 3
    assert (document["total"], document["pages"], document["page"]) == (None, None, 1)
    _, after = await ids_of(filled, parcels, f"fields=id,price&size=3&cursor={document['next_cursor']}&total=true")
    assert (after["total"], after["page"]) == (len(ROWS), None)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("colour=red", "colour"),
        ("pieces__icontains=1", "pieces__icontains"),
        ("pieces=one", "pieces"),
        ("pieces__gte=99999999999", "pieces__gte"),
        ("weight_kg=nan", "weight_kg"),
        ("ready_at__lt=2026-01-01T00:00:00", "ready_at__lt"),
        ("ready_at=0001-01-01T00:00:00%2B14:00", "ready_at"),
        ("state=gone", "state"),
        ("state__in=sent,gone", "state__in"),
        ("label=a%00b", "label"),
        ("tags__contains=%5B%5B1%5D%5D", "tags__contains"),
        ("tags__contains=%7B", "tags__contains"),
        ("order=colour", "order"),
        ("order=tags", "order"),
        ("order=pieces,-pieces", "order"),
        ("fields=colour", "fields"),
        ("page=0", "page"),
        ("size=1001", "size"),
        ("total=perhaps", "total"),
        ("state=sent&state=lost", "state"),
        ("cursor=nonsense", "cursor"),
        ("cursor=W10", "cursor"),
        ("order=pieces&cursor=WyItaWQiLCJhIl0", "cursor"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    scratch: Database, parcels: Resource, query: str, parameter: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await get_items(scratch, parcels, parse_listing(parcels.view, query.encode()), SYSTEM)
    assert refused.value.facts["parameter"] == parameter


def test_an_unknown_parameter_is_answered_with_the_known_ones(parcels: Resource) -> None:
    with pytest.raises(Invalid) as refused:
        parse_listing(parcels.view, b"colour=red")
    assert refused.value.code == "unknown_parameter"
    assert {"page", "order", "q", "state", "state__in", "price__isnull"} <= set(refused.value.facts["known"])
    assert "id__isnull" not in refused.value.facts["known"]


def test_a_declaration_that_names_what_is_not_there_is_refused_at_once(parcels: Resource) -> None:
    with pytest.raises(TypeError, match="colour"):
        Resource(model=parcels.model, prefix="/x", read=parcels.read, permission="x", search=("colour",))
    with pytest.raises(TypeError, match=r"no column of parcels"):
        Resource(
            model=parcels.model,
            prefix="/x",
            read=type("Odd", (parcels.read,), {"__annotations__": {"odd": int}}),
            permission="x",
        )
