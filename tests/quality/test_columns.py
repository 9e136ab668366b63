"""Reading CSV: every refusal names the row, the column and what was expected."""

from pathlib import Path

import pytest

from opsroom.quality.columns import read_columns
from opsroom.quality.spc.arrays import UnusableData


def written(folder: Path, text: str) -> Path:
    path = folder / "measured.csv"
    path.write_bytes(text.encode())
    return path


def test_cells_are_read_by_the_name_of_their_column(tmp_path: Path) -> None:
    columns = read_columns(written(tmp_path, '\ufeff"x", lot \r\n 1.5 ,"a, b"\r\n\r\n-2e3,c\r\n'))
    assert columns.numbers("x") == [1.5, -2000]
    assert columns.texts("lot") == ["a, b", "c"]


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", "1e999", "abc", "", '"1,5"', "1_000"])
def test_what_is_no_finite_number_is_refused_by_row(tmp_path: Path, cell: str) -> None:
    columns = read_columns(written(tmp_path, f"n,x\n1,2\n\n2,{cell}\n"))
    with pytest.raises(UnusableData, match=r"row 2 \(line 4\), column 'x' is '.*'; expected a finite number"):
        columns.numbers("x")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_and_tabs_separate_where_the_header_has_no_comma(tmp_path: Path, separator: str) -> None:
    columns = read_columns(written(tmp_path, f"\ufeffbatch no{separator}x\na, b{separator}1.5\n"))
    assert (columns.texts("batch no"), columns.numbers("x")) == (["a, b"], [1.5])


def test_a_decimal_comma_is_refused_and_not_guessed(tmp_path: Path) -> None:
    columns = read_columns(written(tmp_path, "batch;x\n1;1,234\n"))
    with pytest.raises(UnusableData, match=r"is '1,234'; expected a finite number such as 12.5, with a decimal point"):
        columns.numbers("x")


def test_an_empty_line_between_values_of_the_only_column_is_a_missing_value(tmp_path: Path) -> None:
    assert read_columns(written(tmp_path, "x\n1\n2\n\n\n")).numbers("x") == [1, 2]
    with pytest.raises(UnusableData, match="line 3 is empty between values"):
        read_columns(written(tmp_path, "x\n1\n\n2\n"))


def test_empty_labels_are_refused_by_row(tmp_path: Path) -> None:
    columns = read_columns(written(tmp_path, "lot,x\na,1\n ,2\n"))
    with pytest.raises(UnusableData, match=r"row 2 \(line 3\), column 'lot' is empty"):
        columns.texts("lot")


def test_flags_take_the_usual_words(tmp_path: Path) -> None:
    columns = read_columns(written(tmp_path, "trial\nTRUE\nfalse\n1\n0\nYes\nn\n"))
    assert columns.flags("trial") == [True, False, True, False, True, False]
    wrong = read_columns(written(tmp_path, "trial\nTRUE\nmaybe\n"))
    with pytest.raises(UnusableData, match=r"row 2 \(line 3\), column 'trial' is 'maybe'; expected true or false"):
        wrong.flags("trial")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no row below a header line"),
        ("x,y\n", "holds no row below a header line"),
        ("x,y\n1,2\n3\n", r"row 2 \(line 3\) has 1 cells; expected 2"),
        ("x,y\n1,2,3\n", r"row 1 \(line 2\) has 3 cells; expected 2"),
        ('x,y\n1,"2\n', "is not a CSV file"),
    ],
)
def test_files_that_are_no_table_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UnusableData, match=words):
        read_columns(written(tmp_path, text))


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableData, match="No such file"):
        read_columns(tmp_path / "absent.csv")
    (tmp_path / "latin.csv").write_bytes(b"gr\xf6\xdfe\n1\n")
    with pytest.raises(UnusableData, match="is not text in UTF-8"):
        read_columns(tmp_path / "latin.csv")


def test_missing_and_repeated_columns_are_refused_with_a_list(tmp_path: Path) -> None:
    columns = read_columns(written(tmp_path, "x,y,x\n1,2,3\n"))
    with pytest.raises(UnusableData, match="no column 'z'; the file has x, y, x"):
        columns.numbers("z")
    with pytest.raises(UnusableData, match="more than one column 'x'"):
        columns.numbers("x")


def test_the_column_of_values_is_guessed_only_when_there_is_no_doubt(tmp_path: Path) -> None:
    assert read_columns(written(tmp_path, "lot,x\na,1\n")).only_other_than({"lot", None}) == "x"
    assert read_columns(written(tmp_path, "a,value,b\n1,2,3\n")).only_other_than(set()) == "value"
    with pytest.raises(UnusableData, match="say which column holds the values with --value; the file has a, b"):
        read_columns(written(tmp_path, "a,b\n1,2\n")).only_other_than(set())
