"""Forms made from declared shapes, and read back."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime, ValidationError

from opsroom.core.console.forms import changes_from, errors_of, fields_of, texts_of, values_from

NAIROBI = ZoneInfo("Africa/Nairobi")
AT = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


class Shade(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class Shape(BaseModel):
    name: str
    rows: int = Field(50, ge=1, description="how many")
    profile: Literal["strict", "classic"] = "strict"
    shade: Shade | None = None
    since: AwareDatetime | None = None
    day: date | None = None
    whole: bool = True
    tags: list[str] = Field(default_factory=list)
    extra: dict[str, Any] = Field(default_factory=dict)


def test_each_kind_of_parameter_has_its_kind_of_field() -> None:
    kinds = {field.name: field.kind for field in fields_of(Shape, {}, NAIROBI)}
    assert kinds == {
        "name": "text",
        "rows": "number",
        "profile": "select",
        "shade": "select",
        "since": "datetime-local",
        "day": "date",
        "whole": "checkbox",
        "tags": "text",
        "extra": "textarea",
    }


def test_a_fresh_form_shows_the_declared_defaults() -> None:
    fields = {field.name: field for field in fields_of(Shape, {}, NAIROBI)}
    assert (fields["rows"].value, fields["profile"].value, fields["whole"].value) == ("50", "strict", "true")
    assert fields["rows"].hint == "how many"
    assert fields["name"].required
    assert not fields["rows"].required
    assert fields["shade"].options == (("", "none"), ("light", "light"), ("dark", "dark"))
    assert fields["profile"].options == (("strict", "strict"), ("classic", "classic"))
    assert fields["since"].hint == "(Africa/Nairobi time)"


def read(**sent: str) -> Shape:
    return Shape.model_validate(values_from(Shape, sent, NAIROBI))


def test_what_a_browser_sends_becomes_the_declared_types() -> None:
    found = read(
        name=" Nakuru ", rows="7", shade="dark", since="2026-11-20T10:00", day="2026-11-01",
        tags="a, b,,c", extra='{"deep": [1]}', whole="true",
    )  # fmt: skip
    assert found == Shape(
        name="Nakuru",
        rows=7,
        shade=Shade.DARK,
        since=datetime(2026, 11, 20, 7, 0, tzinfo=UTC),
        day=date(2026, 11, 1),
        tags=["a", "b", "c"],
        extra={"deep": [1]},
    )


def test_empty_fields_are_defaults_and_a_checkbox_that_is_not_sent_is_off() -> None:
    assert read(name="x", rows="", since="", shade="") == Shape(name="x", whole=False)


def test_an_instant_with_an_offset_keeps_it() -> None:
    assert read(name="x", since="2026-11-20T10:00:00Z").since == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_asking_again_fills_the_form_in_the_viewers_zone() -> None:
    fields = fields_of(Shape, {"since": "2026-11-20T07:00:00.250000Z", "rows": "9"}, NAIROBI)
    values = {field.name: field.value for field in fields}
    assert values["since"] == "2026-11-20T10:00:00.250"
    assert values["rows"] == "9"
    assert read(name="x", since=values["since"]).since == datetime(2026, 11, 20, 7, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text"),
    [("rows", "many"), ("rows", "0"), ("since", "yesterday"), ("shade", "blue"), ("extra", "{not json"), ("day", "x")],
)
def test_what_cannot_be_read_is_said_at_its_field_and_kept_as_typed(name: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(name="x") if name == "" else read(**{"name": "x", name: text})
    errors = errors_of(refused.value)
    assert set(errors) == {name}
    field = next(each for each in fields_of(Shape, {name: text}, NAIROBI, errors) if each.name == name)
    assert field.error == errors[name]
    assert field.value == text


class Record(BaseModel):
    """A shape of every kind, as a record that may be changed."""

    name: str
    note: str | None
    rows: int
    weight: float | None
    shade: Shade | None
    since: AwareDatetime | None
    wall: NaiveDatetime | None
    day: date | None
    slot: time | None
    whole: bool
    sure: bool | None
    tags: list[str]
    extra: dict[str, Any]


words = st.text(st.characters(exclude_characters="\0,", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1)
# Browsers keep no more than milliseconds of an instant.
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001  wall times have no zone
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
records = st.builds(
    Record,
    name=words,
    note=st.none() | words,
    rows=st.integers(-(2**31), 2**31),
    weight=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    shade=st.none() | st.sampled_from(Shade),
    since=st.none() | moments.map(lambda at: at.replace(tzinfo=UTC)),
    wall=st.none() | moments,
    day=st.none() | st.dates(),
    slot=st.none() | st.times().map(lambda at: at.replace(microsecond=0)),
    whole=st.booleans(),
    sure=st.none() | st.booleans(),
    tags=st.lists(words),
    extra=st.dictionaries(words, st.none() | st.integers() | words),
)


@given(records)
def test_a_form_that_is_sent_back_untouched_changes_nothing(record: Record) -> None:
    texts = texts_of(Record, record.model_dump(mode="json"), NAIROBI)
    assert changes_from(Record, texts, texts, NAIROBI) == {}


@given(before=records, after=records)
def test_a_form_says_exactly_what_differs_and_what_it_is_now(before: Record, after: Record) -> None:
    seen, typed = (texts_of(Record, each.model_dump(mode="json"), NAIROBI) for each in (before, after))
    changes = changes_from(Record, typed, seen, NAIROBI)
    merged = Record.model_validate(before.model_dump() | changes)
    assert merged == after
    unchanged = {name for name in Record.model_fields if getattr(before, name) == getattr(after, name)}
    assert not unchanged & changes.keys()


def test_what_a_browser_writes_in_its_own_way_is_no_change() -> None:
    seen = {"slot": "10:00:00", "wall": "2026-11-20T10:00:00", "note": "two\nlines"}
    sent = {"slot": "10:00", "wall": "2026-11-20T10:00", "note": "two\r\nlines "}
    assert changes_from(Record, seen | sent, seen, NAIROBI) == {}


def test_wall_time_gets_no_zone_and_an_emptied_field_is_null_where_it_may_be() -> None:
    seen = dict.fromkeys(Record.model_fields, "x") | {"extra": "{}"}
    changes = changes_from(
        Record, seen | {"wall": "2026-11-20T10:00", "note": "", "name": "", "tags": ""}, seen, NAIROBI
    )
    assert changes == {"wall": "2026-11-20T10:00", "note": None, "name": "", "tags": []}


class Span(BaseModel):
    start: AwareDatetime
    end: AwareDatetime | None = None
    strict: bool = False


class Errand(BaseModel):
    name: str
    span: Span
    further: Span | None = None


def test_a_shape_within_the_shape_has_inputs_of_its_own() -> None:
    fields = {field.name: field for field in fields_of(Errand, {}, NAIROBI)}
    assert list(fields) == [
        "name", "span.start", "span.end", "span.strict", "further.start", "further.end", "further.strict",
    ]  # fmt: skip
    assert fields["span.start"].label == "Span: start"
    assert [name for name, field in fields.items() if field.required] == ["name", "span.start"]
    sent = {"name": "x", "span.start": "2026-11-20T10:00", "span.strict": "true"}
    errand = Errand.model_validate(values_from(Errand, sent, NAIROBI))
    assert errand.span == Span(start=datetime(2026, 11, 20, 7, 0, tzinfo=UTC), strict=True)
    assert errand.further is None


def test_a_changed_part_sends_its_whole_and_an_emptied_whole_is_null() -> None:
    errand = Errand(name="x", span=Span(start=AT), further=Span(start=AT, strict=True))
    seen = texts_of(Errand, errand.model_dump(mode="json"), NAIROBI)
    assert changes_from(Errand, seen, seen, NAIROBI) == {}
    later = changes_from(Errand, seen | {"span.end": "2026-11-20T11:00"}, seen, NAIROBI)
    assert later.keys() == {"span"}
    assert Span.model_validate(later["span"]) == Span(start=AT, end=datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    gone = {"further.start": "", "further.strict": ""}
    assert changes_from(Errand, seen | gone, seen, NAIROBI) == {"further": None}


def test_a_refusal_of_a_part_stands_beside_that_part() -> None:
    with pytest.raises(ValidationError) as refused:
        Errand.model_validate(values_from(Errand, {"name": "x", "span.start": "soon"}, NAIROBI))
    assert set(errors_of(refused.value, Errand)) == {"span.start"}
