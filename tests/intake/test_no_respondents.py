"""Rows that look like no respondent are told with row and reason, and no respondent is."""

import json
from collections.abc import Sequence

import openpyxl
import pandas as pd
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.tables import read_table
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses

ITEMS = ["q1", "q2", "q3"]
SOUND = [[f"r{at}", at % 5 + 1, at % 4 + 1, at % 3 + 1] for at in range(12)]
BOOK = 'respondent = "id"\nresponse = { min = 1, max = 5 }\nscales.s.items = ["q1", "q2", "q3"]\n'


def doubts(tmp_path, more: Sequence[Sequence[object]], header: Sequence[str] = ("id", *ITEMS)) -> list[tuple[int, str]]:
    """Rows and reasons of a survey with some rows more."""
    path = tmp_path / "survey.csv"
    pd.DataFrame([*SOUND, *more], columns=list(header)).to_csv(path, index=False)
    table = read_table(path, header, what="The survey", answers=ITEMS)
    return [(row.number, str(row.reason)) for row in table.doubtful]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["Total", 33, 30, 24], "begins with 'Total'"),
        (["合计", 33, 30, 24], "begins with '合计'"),
        (["平均分", 2.75, 2.5, 2], "begins with '平均分'"),
        (["Durchschnitt", 2.75, 2.5, 2], "begins with 'Durchschnitt'"),
        (["Grand Total: 12", None, None, None], "begins with 'Grand Total'"),
        ([None, 2.75, 2.5, 2], "holds broken numbers where all other rows hold whole ones"),
        ([None, 31, 30, 24], "holds the sums of the rows above"),
        (["Page 1 of 1", None, None, None], "answers no item"),
        (["r99", None, None, None], "answers no item"),
        (["id", "q1", "q2", "q3"], "repeats the header"),
    ],
)
def test_a_row_of_something_else_is_told(tmp_path, row, reason):
    if row[1] == 31:
        row = [None, *(sum(int(line[at]) for line in SOUND) for at in (1, 2, 3))]
    assert doubts(tmp_path, [row]) == [(14, reason)]


@pytest.mark.parametrize(
    "row", [["r99", 5, None, None], ["Totals Ltd", 5, 4, 3], ["r99", 3.5, 4, 3], ["Sumitra", 1, 1, 1]]
)
def test_a_respondent_is_none_of_them(tmp_path, row):
    assert doubts(tmp_path, [row]) == []


def test_a_name_that_many_bear_is_no_total(tmp_path):
    """A filling station of that name, in the first column."""
    path = tmp_path / "survey.csv"
    pd.DataFrame([["Total", 1, 2, 3], ["Shell", 2, 3, 4]] * 30, columns=["brand", *ITEMS]).to_csv(path, index=False)
    assert read_table(path, ITEMS, what="The survey", answers=ITEMS).doubtful == ()


@pytest.mark.parametrize(
    ("status", "told"),
    [("IP Address", 0), ("0", 0), ("Survey Preview", 1), ("1", 1), ("Spam", 1), ("8", 1)],
)
def test_previews_and_spam_of_qualtrics_are_told(tmp_path, status, told):
    names = ["Status", "Progress", "ResponseId", *ITEMS]
    rows = [[status if at == 3 else "0", 100, f"R_{at}", 1, 2, 3] for at in range(8)]
    lines = [names, names, [json.dumps({"ImportId": name}) for name in names], *rows]
    path = tmp_path / "survey.csv"
    pd.DataFrame(lines).to_csv(path, index=False, header=False)
    table = read_table(path, names, what="The survey", answers=ITEMS)
    assert [row.number for row in table.doubtful] == [7] * told


def test_a_column_called_status_elsewhere_means_nothing(tmp_path):
    path = tmp_path / "survey.csv"
    pd.DataFrame({"Status": ["1", "2", "8"], "q1": 1, "q2": 2, "q3": 3}).to_csv(path, index=False)
    assert read_table(path, ITEMS, what="The survey", answers=ITEMS).doubtful == ()


def test_reading_stops_until_it_is_said_what_becomes_of_them(tmp_path):
    path = tmp_path / "survey.csv"
    pd.DataFrame([*SOUND, ["r99", None, None, None], ["Total", 2, 2, 2]], columns=["id", *ITEMS]).to_csv(
        path, index=False
    )
    with pytest.raises(InputError) as error:
        read_responses(path, Codebook.parse(BOOK))
    assert "2 of 14: row 14 answers no item; row 15 begins with 'Total'" in str(error.value)
    assert str(error.value).endswith('[file] rows = "leave_out".')
    for said, count in (('"leave_out"', 12), ('"keep"', 14), ("[15]", 13)):
        assert len(read_responses(path, Codebook.parse(f"{BOOK}[file]\nrows = {said}\n"))) == count


def test_merged_cells_are_said_and_filled_down_where_that_is_said(tmp_path):
    book, sheet = openpyxl.Workbook(), None
    sheet = book.active
    for row in [
        ["A survey", None, None],
        ["region", "q1", "q2"],
        ["north", 1, 2],
        [None, 2, 3],
        ["south", 3, 4],
        [None, 4, 5],
    ]:
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A3:A4")
    sheet.merge_cells("A5:A6")
    book.save(tmp_path / "survey.xlsx")
    text = 'groups = ["region"]\nresponse = { min = 1, max = 5 }\nscales.s.items = ["q1", "q2"]\n'
    with pytest.raises(InputError, match=r"column 'region' \(rows 3 to 6\).*\[file\] fill_down = \[\"region\"\]\.$"):
        read_responses(tmp_path / "survey.xlsx", Codebook.parse(text))
    filled = Codebook.parse(f'{text}[file]\nfill_down = ["region"]\n')
    assert read_responses(tmp_path / "survey.xlsx", filled)["region"].tolist() == ["north"] * 2 + ["south"] * 2


def test_every_row_is_read_or_left_out(tmp_path):
    path = tmp_path / "survey.csv"
    pd.DataFrame([*SOUND, ["Total", 2, 2, 2]], columns=["id", *ITEMS]).to_csv(path, index=False)
    table = read_table(path, ["id", *ITEMS], what="The survey", options=FileOptions(rows="leave_out"))
    assert len(table.frame) == 12 and [row.number for row in table.left_out] == [14]
    assert list(table.row_numbers) == list(range(2, 14))
