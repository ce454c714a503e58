"""Which cells a file holds, whatever program wrote it."""

import re
import traceback
import zipfile
from functools import partial
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.intake.options import ENDINGS
from loyalty_kit.intake.tables import FORMATS, read_table

read_any = partial(read_table, what="The survey")

CHINESE = "编号,满意度,渠道\n一,5,门店\n二,4,网上\n"


def read(folder: Path, content: str | bytes, known: list[str], name: str = "survey.csv") -> pd.DataFrame:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_any(path, known).frame


def workbook(folder: Path, sheets: dict[str, list[list[object]]], name: str = "survey.xlsx") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / name)
    return folder / name


def cells(frame: pd.DataFrame) -> list[list[object]]:
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(tmp_path, encoding, delimiter):
    text = CHINESE.replace(",", delimiter).encode(encoding)
    frame = read(tmp_path, text, ["编号", "满意度", "渠道"])
    assert list(frame) == ["编号", "满意度", "渠道"]
    assert cells(frame) == [["一", "5", "门店"], ["二", "4", "网上"]]


def test_the_delimiter_is_the_one_that_shows_the_codebooks_columns(tmp_path):
    frame = read(tmp_path, '"a, b, c, d";q1\nx;5\n', ["q1"])
    assert list(frame) == ["a, b, c, d", "q1"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_and_quoted_line_breaks_are_understood(tmp_path, end):
    frame = read(tmp_path, end.join(["", "q1,note", "", '5,"two', 'lines, ""quoted"""', "4,"]), ["q1"])
    assert cells(frame) == [["5", f'two{end}lines, "quoted"'], ["4", None]]


def test_rows_of_nothing_but_delimiters_and_nameless_empty_columns_are_left_out(tmp_path):
    frame = read(tmp_path, "q1,q2,\n5,4,\n,,\n3,2,\n", ["q1", "q2"])
    assert list(frame) == ["q1", "q2"]
    assert cells(frame) == [["5", "4"], ["3", "2"]]


def test_headers_match_whatever_their_width_and_outer_blanks(tmp_path):
    assert list(read(tmp_path, " Ｑ1 ,满意度(总)\n5,4\n", ["Q1", "满意度（总）"])) == ["Q1", "满意度（总）"]


def test_a_nameless_column_is_numbered_and_a_repeated_one_told_apart(tmp_path):
    assert list(read(tmp_path, ",q1,note,note\n1,5,x,y\n", ["q1"])) == ["column 1", "q1", "note#1", "note#2"]


def test_qualtrics_question_and_import_rows_are_left_out(tmp_path):
    rows = [
        ["q1", "q2"],
        ["How satisfied,\nall in all?", "And the price?"],
        ['{"ImportId":"QID1"}', '{"ImportId":"QID2"}'],
    ]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    assert cells(read(tmp_path, f"{text}\n5,4\n", ["q1", "q2"])) == [["5", "4"]]
    assert cells(read_any(workbook(tmp_path, {"Sheet0": [*rows, [5, 4]]}), ["q1", "q2"]).frame) == [[5, 4]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"\xef\xbb\xbf", "has no header"),
        (b"q1,q2\n5,\x00\n", "holds NUL bytes"),
        (b"q1,q2\n5,\xff\n", "text in none of the encodings"),
        (b"\xff\xfeq1,q2\n5,4", "text in none of the encodings"),
        (b"PK\x03\x04\x14\x00\x06", "holds NUL bytes"),
    ],
)
def test_what_is_no_csv_survey_is_refused_in_a_sentence(tmp_path, content, sentence):
    with pytest.raises(UnreadableError, match=sentence):
        read(tmp_path, content, ["q1", "q2"])


def test_a_file_that_holds_nothing_but_its_header_is_a_table_without_rows(tmp_path):
    frame = read(tmp_path, "q1,q2\n", ["q1", "q2"])
    assert list(frame) == ["q1", "q2"] and frame.empty


def test_ragged_rows_are_counted_and_the_first_is_named(tmp_path):
    with pytest.raises(InputError) as error:
        read(tmp_path, "q1,q2\n5,4\n1,2,3\n4\n", ["q1", "q2"])
    assert str(error.value) == (
        "The survey 'survey.csv' has 3 cells in row 3 (2 such rows), but its header, row 1, has 2; "
        "a cell that holds ',' needs quotation marks; to leave such rows out: [file] rows = [3, 4]."
    )


def test_row_names_that_the_header_does_not_count_move_no_column(tmp_path):
    """R> write.table(data, sep = ",") writes names of rows, and a header without a cell for them (jamovi #1347)."""
    path = tmp_path / "survey.csv"
    path.write_text("q1,q2\n1,5,4\n2,3,2\n3,1,2\n")
    table = read_table(path, ["q1", "q2"], what="The survey")
    assert table.frame[["q1", "q2"]].to_numpy().tolist() == [["5", "4"], ["3", "2"], ["1", "2"]]
    assert list(table.row_numbers) == [2, 3, 4]
    path.write_text("q1,q2\n5,4,\n3,2,\n1,2,\n")
    assert read_table(path, ["q1", "q2"], what="The survey").frame["q1"].tolist() == ["5", "3", "1"]


def test_a_quotation_mark_that_swallows_the_rest_of_the_file_is_noticed(tmp_path):
    with pytest.raises(InputError, match="opens a quotation mark in row 3 that nothing closes"):
        read(tmp_path, 'q1,note\n5,fine\n4,"not closed\n3,x\n2,y\n', ["q1"])


def test_inch_marks_within_a_cell_open_no_quotation(tmp_path):
    assert cells(read(tmp_path, 'q1,note\n5,a 40" screen\n4,x\n', ["q1"])) == [["5", 'a 40" screen'], ["4", "x"]]


def test_the_first_sheet_that_holds_the_columns_is_read(tmp_path):
    answers = [["q1", "q2"], [5, 4], [3, "2"]]
    path = workbook(tmp_path, {"About": [["Survey of 2026"]], "Data": [[], *answers, []], "Copy": answers})
    assert cells(read_any(path, ["q1", "q2"]).frame) == [[5, 4], [3, "2"]]


def test_a_formula_gives_its_saved_value_and_is_not_taken_for_missing_without_one(tmp_path):
    path = workbook(tmp_path, {"Data": [["q1", "q2"], [5, "=2+2"], [ArrayFormula("A3", "=1+1"), 2]]})
    assert cells(read_any(path, ["q1", "q2"]).frame) == [
        [5, "a formula without a saved value"],
        ["a formula without a saved value", 2],
    ]


def test_a_wrongly_stored_sheet_size_hides_no_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(openpyxl.worksheet.worksheet.Worksheet, "calculate_dimension", lambda sheet: "A1")
    path = workbook(tmp_path, {"Data": [["q1", "q2"], [5, 4]]})
    assert cells(read_any(path, ["q1", "q2"]).frame) == [[5, 4]]


def test_a_workbook_without_a_default_style_raises_no_warning(tmp_path):
    """Survey platforms write such files; openpyxl warns of them, and pytest turns warnings into errors."""
    path = workbook(tmp_path, {"Data": [["q1"], [5]]})
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "plain.xlsx", "w") as plain:
        for name in whole.namelist():
            plain.writestr(name, re.sub(rb"<cellStyles.*</cellStyles>", b"", whole.read(name)))
    assert cells(read_any(tmp_path / "plain.xlsx", ["q1"]).frame) == [[5]]


@pytest.mark.parametrize("ending", [".xlsx", ".xlsm", ".sav", ".zsav", ".parquet"])
def test_a_damaged_file_is_refused_in_a_sentence(tmp_path, ending):
    with pytest.raises(UnreadableError, match=f"'survey{ending}' is damaged, protected or no"):
        read(tmp_path, b"PK\x03\x04 not what its name says", ["q1"], f"survey{ending}")


def test_a_workbook_cut_in_half_is_refused_in_a_sentence(tmp_path):
    whole = workbook(tmp_path, {"Data": [["q1"], [5]]}).read_bytes()
    with pytest.raises(UnreadableError, match="damaged"):
        read(tmp_path, whole[: len(whole) // 2], ["q1"], "half.xlsx")


def test_a_damaged_count_of_rows_in_an_spss_file_takes_no_memory(tmp_path):
    path = tmp_path / "survey.sav"
    pyreadstat.write_sav(pd.DataFrame({"q1": [1.0, 2.0]}), path)
    whole = bytearray(path.read_bytes())
    whole[80:84] = (900_000_000).to_bytes(4, "little")
    with pytest.raises(UnreadableError, match="damaged"):
        read(tmp_path, bytes(whole), ["q1"], "damaged.sav")


def test_a_workbook_with_a_password_is_refused_by_name(tmp_path):
    with pytest.raises(UnreadableError, match="protected by a password"):
        read(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), ["q1"], "survey.xlsx")


def test_unknown_endings_are_refused_with_what_is_allowed(tmp_path):
    with pytest.raises(UnreadableError, match=r"ends in '\.docx'; allowed are \.csv, \.tsv, .*\.parquet"):
        read(tmp_path, b"PK", ["q1"], "survey.docx")
    with pytest.raises(UnreadableError, match="has no ending"):
        read(tmp_path, b"q1\n5", ["q1"], "survey")


def test_an_absent_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(UnreadableError, match="does not exist"):
        read_any(tmp_path / "none.csv", ["q1"])
    with pytest.raises(UnreadableError, match="is a folder"):
        read_any(tmp_path, ["q1"])


def test_endings_are_read_in_capitals_too(tmp_path):
    assert cells(read(tmp_path, "q1\n5\n", ["q1"], "SURVEY.CSV")) == [["5"]]


def test_a_parquet_index_with_a_name_is_a_column(tmp_path):
    frame = pd.DataFrame({"q1": [5, 4]}, index=pd.Index(["a", "b"], name="id"))
    frame.to_parquet(tmp_path / "survey.parquet")
    assert list(read_any(tmp_path / "survey.parquet", ["q1", "id"]).frame) == ["id", "q1"]


def test_the_cell_that_a_parser_stumbled_on_is_not_told(tmp_path):
    whole = zipfile.ZipFile(workbook(tmp_path, {"answers": [["id", "q1"], ["a", 5]]}, "whole.xlsx"))
    with zipfile.ZipFile(tmp_path / "survey.xlsx", "w") as damaged:
        for name in whole.namelist():
            damaged.writestr(name, whole.read(name).replace(b"<v>5</v>", b"<v>ann@example.org</v>"))
    with pytest.raises(UnreadableError, match="is damaged") as error:
        read_any(tmp_path / "survey.xlsx", ["id", "q1"])
    assert "ann@example.org" in repr(error.value.__context__)
    assert "ann@example.org" not in "".join(traceback.format_exception(error.value))


def test_every_kind_of_file_that_is_named_has_its_reader():
    assert tuple(FORMATS) == ENDINGS
