"""OpenDocument and old Excel, and what is called so."""

import pytest
from sheets import write_ods, write_xls

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.tables import read_table

ROWS = [["id", "q1", "城市"], ["a", 5, "北京"], ["b", 2.5, None], ["c", None, "上海"]]
WRITERS = {".ods": write_ods, ".xls": write_xls}


def read(path, known=("q1",), **options):
    return read_table(path, list(known), what="The survey", options=FileOptions(**options))


def cells(frame):
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("ending", WRITERS)
def test_numbers_and_texts_are_read_from_the_sheet_that_holds_the_columns(tmp_path, ending):
    path = WRITERS[ending](tmp_path / f"s{ending}", {"About": [["A survey"]], "数据": ROWS})
    table = read(path)
    assert list(table.frame) == ROWS[0]
    assert cells(table.frame) == ROWS[1:]
    assert table.options.sheet == "数据"


@pytest.mark.parametrize("ending", WRITERS)
def test_rows_are_numbered_as_the_spreadsheet_shows_them(tmp_path, ending):
    path = WRITERS[ending](tmp_path / f"s{ending}", {"Data": [["A title"], [None], *ROWS]})
    table = read(path)
    assert list(table.frame) == ROWS[0]
    assert list(table.row_numbers) == [4, 5, 6]


@pytest.mark.parametrize("ending", WRITERS)
def test_a_sheet_may_be_named(tmp_path, ending):
    path = WRITERS[ending](tmp_path / f"s{ending}", {"New": ROWS, "Old": [["q1"], [3]]})
    assert cells(read(path, sheet="Old").frame) == [[3]]
    with pytest.raises(InputError, match=r"no sheet 'Older'; its own are 'New', 'Old': \[file\] sheet = \"New\"\."):
        read(path, sheet="Older")


def test_truth_values_of_opendocument_are_such(tmp_path):
    assert cells(read(write_ods(tmp_path / "s.ods", {"a": [["q1"], [True], [False]]})).frame) == [[True], [False]]


@pytest.mark.parametrize("name", ["s.xls", "s.ods", "s.xlsb"])
def test_a_damaged_spreadsheet_is_one_sentence(tmp_path, name):
    whole = write_xls(tmp_path / "whole.xls", {"a": ROWS}).read_bytes()
    (tmp_path / name).write_bytes(whole[: 600 if name == "s.xls" else 100])
    with pytest.raises(UnreadableError, match="is damaged, protected or no spreadsheet file"):
        read(tmp_path / name)


def test_what_is_only_called_xls_is_read_as_what_it_is(tmp_path):
    (tmp_path / "text.xls").write_text("id\tq1\na\t5\n", encoding="utf-16")
    assert cells(read(tmp_path / "text.xls").frame) == [["a", "5"]]
    (tmp_path / "page.xls").write_text("<html><table><tr><td>q1</td></tr></table></html>")
    with pytest.raises(UnreadableError, match="is a web page under the name of an Excel file"):
        read(tmp_path / "page.xls")
