"""Which column is taken for what."""

import pytest

from opsroom.stores.files import RefusedFileError
from opsroom.stores.files.columns import choose_columns, header_fields
from opsroom.stores.files.kinds import HOURS, OBSERVATIONS, ZONES


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("store_id,status,timestamp_utc", OBSERVATIONS.fields),
        ("Store ID, Status ,Timestamp-UTC", OBSERVATIONS.fields),
        ("storeId,time,status", OBSERVATIONS.fields),
        ("STORE,TIMESTAMP,STATUS,remark", OBSERVATIONS.fields),
        ('"store_id","timestamp_utc","status"', OBSERVATIONS.fields),
        ("store_id,day,start_time_local,end_time_local", HOURS.fields),
        ("store,dayOfWeek,open,close", HOURS.fields),
        ("storeId,day_of_week,Start Time,End Time", HOURS.fields),
        ("store_id,timezone_str", ZONES.fields),
        ("store,tz", ZONES.fields),
        ("timezone,storeid", ZONES.fields),
    ],
)
def test_usual_spellings_are_recognised(header: str, fields: tuple[str, ...]) -> None:
    assert tuple(choose_columns("f.csv", header_fields("f.csv", header), fields).taken()) == fields


def test_the_full_name_goes_before_a_shorter_one() -> None:
    columns = choose_columns("f.csv", ["time", "store", "status", "timestamp_utc"], OBSERVATIONS.fields)
    assert columns.taken() == {"store_id": "store", "timestamp_utc": "timestamp_utc", "status": "status"}


def test_the_users_mapping_goes_before_the_usual_spellings() -> None:
    header = ["store_id", "when", "timestamp", "status"]
    columns = choose_columns("f.csv", header, OBSERVATIONS.fields, {"timestamp_utc": "WHEN"})
    assert columns.taken()["timestamp_utc"] == "when"


@pytest.mark.parametrize(
    ("header", "mapping", "words"),
    [
        (["store_id", "status"], {}, ["timestamp_utc", "timestamp", "'store_id', 'status'", "mapping"]),
        (["store_id;timestamp_utc;status"], {}, ["semicolons", "commas"]),
        (["store_id\ttimestamp_utc\tstatus"], {}, ["tabs", "commas"]),
        (["store_id", "status", "Status", "time"], {}, ["2 columns", "status"]),
        (["store_id", "status", "time"], {"status": "online"}, ["no column 'online'", "'time'"]),
    ],
)
def test_a_file_without_its_columns_is_refused_with_the_names_looked_for_and_found(
    header: list[str], mapping: dict[str, str], words: list[str]
) -> None:
    with pytest.raises(RefusedFileError) as refused:
        choose_columns("f.csv", header, OBSERVATIONS.fields, mapping)
    for word in ["f.csv", *words]:
        assert word in str(refused.value)
