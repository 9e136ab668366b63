"""The slow reading against Python's csv module, which may be trusted with well-formed text."""

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from opsroom.stores.files.exact_lines import read_records

fields = st.text(st.sampled_from('ab ",\n'), max_size=6)
records = st.lists(st.tuples(fields, fields, fields), max_size=12)


def written(rows: list[tuple[str, str, str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


@settings(deadline=None)
@given(records)
def test_well_formed_records_come_back_whole_under_the_number_of_their_first_line(
    rows: list[tuple[str, str, str]],
) -> None:
    found = read_records(written(rows), 5, 3, final=True)
    assert [tuple(fields) for fields in found.fields] == rows
    heights = [1 + sum(field.count("\n") for field in row) for row in rows]
    assert found.lines == [5 + sum(heights[:place]) for place in range(len(rows))]
    assert found.malformed == []


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=80).map(lambda junk: junk.replace(b"\x00", b",")))
def test_junk_is_read_without_failing_and_every_line_is_accounted_for(junk: bytes) -> None:
    found = read_records(junk, 1, 2, final=True)
    shown = len(found.fields) + len(found.malformed)
    assert shown <= junk.count(b"\n") + 1
    assert (shown == 0) == (junk.strip() == b"" or all(line.strip() == b"" for line in junk.split(b"\n")))
