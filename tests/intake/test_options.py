"""What `[file]` says is done, and errors end with the line that would mend them."""

import gzip
import tomllib
import zipfile
from pathlib import Path

import pytest

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.intake.customers import read_customers
from loyalty_kit.intake.options import FileOptions, file_argument
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.intake.tables import read_table

TWICE = "a,b\nx,y\n1,2\n3,4\n5,6\n"


def read(
    folder: Path, content: str | bytes, known: list[str] | None = None, name: str = "s.csv", **said: object
) -> RawTable:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, known or [], what="The survey", options=FileOptions(**said))


@pytest.mark.parametrize(
    ("said", "columns", "rows"),
    [
        ({"header": 2}, ["x", "y"], [3, 4, 5]),
        ({"header": (1, 2)}, ["a - x", "b - y"], [3, 4, 5]),
        ({"header": 2, "first_row": 4}, ["x", "y"], [4, 5]),
        ({"header": 2, "last_row": 4}, ["x", "y"], [3, 4]),
        ({"header": 2, "rows": (4,)}, ["x", "y"], [3, 5]),
    ],
)
def test_header_and_rows_are_those_that_are_said(tmp_path, said, columns, rows):
    table = read(tmp_path, TWICE, **said)
    assert list(table.frame) == columns
    assert list(table.row_numbers) == rows
    assert len(table.frame) + len(table.left_out) == 3


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"header": 9}, "no cells in row 9, .*: \\[file\\] header = 1\\.$"),
        ({"rows": (5, 77)}, "no respondent in row 77, .*: \\[file\\] rows = \\[5\\]\\.$"),
        ({"fill_down": ("c",)}, "no column 'c' to fill down"),
    ],
)
def test_what_is_said_of_another_file_is_refused(tmp_path, said, sentence):
    with pytest.raises(InputError, match=sentence):
        read(tmp_path, TWICE, **said)


def test_quotation_marks_may_be_part_of_what_is_written(tmp_path):
    text = 'id,note\n1,"open\n2,x\n'
    with pytest.raises(InputError, match=r"\[file\] quotes = false\.$"):
        read(tmp_path, text)
    assert read(tmp_path, text, quotes=False).frame["note"].tolist() == ['"open', "x"]


def test_a_delimiter_may_be_any_sign(tmp_path):
    assert list(read(tmp_path, "id^q1\n1^5\n", delimiter="^").frame) == ["id", "q1"]


def test_cells_are_filled_down_where_that_is_said(tmp_path):
    table = read(tmp_path, "region,q1\nnorth,5\n,4\nsouth,3\n,2\n", fill_down=("region",))
    assert table.frame["region"].tolist() == ["north", "north", "south", "south"]


def test_a_table_in_an_archive_is_read(tmp_path):
    assert list(read(tmp_path, gzip.compress(b"id,q1\n1,5\n"), name="s.csv.gz").frame) == ["id", "q1"]
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("__MACOSX/._a.csv", "x")
        archive.writestr("readme.md", "x")
        archive.writestr("a.csv", "id,q1\n1,5\n")
    assert list(read_table(tmp_path / "s.zip", [], what="The survey").frame) == ["id", "q1"]


def test_of_several_tables_in_an_archive_one_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("a.csv", "id,q1\n1,5\n")
        archive.writestr("b.csv", "id,q2\n1,5\n")
    with pytest.raises(UnreadableError, match=r"holds 2 tables, .*\[file\] sheet = \"a.csv\"\.$"):
        read_table(tmp_path / "s.zip", [], what="The survey")
    table = read_table(tmp_path / "s.zip", [], what="The survey", options=FileOptions(sheet="b.csv"))
    assert list(table.frame) == ["id", "q2"]


def test_an_archive_that_grows_beyond_measure_is_refused(tmp_path):
    with pytest.raises(UnreadableError, match="more than 200 times its own size"):
        read(tmp_path, gzip.compress(b"1,1,1,1,1\n" * 6_000_000), name="s.csv.gz")


def test_a_customer_files_errors_name_the_argument(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("arm,spend\n" + "a,1\nb,2\n" * 6 + "Total,18\n")
    with pytest.raises(InputError, match=r'row 14 begins with .Total.*: file={"rows": "leave_out"}\.$'):
        read_customers(path, ["arm", "spend"], ["arm"])
    assert read_customers(path, ["arm", "spend"], ["arm"], file={"rows": "leave_out"})["spend"].tolist() == [1, 2] * 6


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("utf-8", "'file' must be a dictionary such as .*; got str"),
        ({"row": 1}, "'file' has no key 'row'; did you mean 'rows'?"),
        ({"header": "one"}, "'file', key 'header'"),
    ],
)
def test_an_argument_of_another_kind_is_refused(given, sentence):
    with pytest.raises(InputError, match=sentence):
        file_argument(given)


@pytest.mark.parametrize(
    ("entry", "key", "value"),
    [
        ("rows: leave_out", "rows", "leave_out"),
        ('rows = "keep"', "rows", "keep"),
        ("rows: 3, 9", "rows", (3, 9)),
        ("rows: [3]", "rows", (3,)),
        ("header: 2", "header", 2),
        ("header: 1, 2", "header", (1, 2)),
        ("decimal: ,", "decimal", ","),
        ("sheet: Data 2026: all", "sheet", "Data 2026: all"),
        ("fill_down: region, city", "fill_down", ("region", "city")),
        ("quotes: false", "quotes", False),
    ],
)
def test_an_entry_of_a_list_says_the_same_as_a_line_of_the_table(entry, key, value):
    options = file_argument([entry])
    said = getattr(options, key)
    assert said == value
    assert file_argument(tomllib.loads(str(options.line(key, said)))["file"]) == options


@pytest.mark.parametrize("entry", ["row: 3", "rows", "rows: sometimes", "header: two"])
def test_an_entry_that_says_nothing_is_refused(entry):
    with pytest.raises(InputError, match="'file'"):
        file_argument([entry])
