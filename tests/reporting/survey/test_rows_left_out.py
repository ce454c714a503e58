"""Rows of a file that stand in no figure: counted and explained in reports, and never told by what they hold."""

import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

import loyalty_kit as lk

BOOK = """
respondent = "ResponseId"
response = {{ min = 1, max = 5 }}
scales.service.items = ["Q1", "Q2"]
{file}
"""
HEAD = "StartDate,Status,Progress,ResponseId,Q1,Q2"
PEOPLE = [f"2026-01-01,IP Address,100,R_{n},{1 + n % 5},{1 + n % 4}" for n in range(20)]
TESTS = [f"2026-01-01,Survey Preview,100,R_t{n},5,5" for n in range(3)]
TOTAL = "Total: Anna Schmidt,,,,60,50"


@pytest.fixture(autouse=True)
def english():
    yield
    lk.speak("en")


def written(folder: Path, *, file: str = "", more: tuple[str, ...] = ()) -> tuple[Path, lk.Codebook]:
    path = folder / "survey.csv"
    path.write_text("\n".join([HEAD, *TESTS, *PEOPLE, *more]) + "\n", encoding="utf-8")
    return path, lk.Codebook.parse(BOOK.format(file=file))


def table_texts(selection: lk.Selection) -> list[str]:
    page = unescape(lk.table(selection).as_raw_html())
    return re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page, re.DOTALL)


def test_rows_left_out_are_counted_by_reason_and_never_named(tmp_path):
    path, book = written(tmp_path, file='file.rows = "leave_out"', more=(TOTAL,))
    responses = lk.read_responses(path, book)
    selection = lk.Selection.of(responses)
    assert len(responses) == 20
    assert {str(reason): n for reason, n in selection.left_out} == {
        "is a test: 'Status' is 'Survey Preview'": 3,
        "begins with 'Total'": 1,
    }
    assert list(lk.describe(selection)) == ["Rows of the file that are left out and stand in no figure: 4."]
    assert [text.strip() for text in table_texts(selection)][-4:] == [
        "is a test: 'Status' is 'Survey Preview'",
        "3",
        "begins with 'Total'",
        "1",
    ]
    assert not re.search("Schmidt|R_", " ".join(table_texts(selection)))
    assert list(lk.describe(lk.screen(responses, book), "sample"))[0] == "All 20 respondents in the file are used."


def test_rows_left_out_are_told_in_chinese(tmp_path):
    path, book = written(tmp_path, file='file.rows = "leave_out"')
    selection = lk.Selection.of(lk.read_responses(path, book))
    lk.speak("zh")
    assert list(lk.describe(selection)) == ["文件中有 3 行被略去，不计入任何数字。"]
    assert "是测试：“Status”为“Survey Preview”" in table_texts(selection)


def test_without_such_rows_nothing_is_said(tmp_path):
    path, book = written(tmp_path, file='file.rows = "keep"')
    selection = lk.Selection.of(lk.read_responses(path, book))
    assert list(lk.describe(selection)) == []
    assert lk.table(selection) is None


def test_rows_that_conditions_leave_out_need_no_decision_and_are_no_part_of_all(tmp_path):
    path, book = written(tmp_path)
    with pytest.raises(lk.InputError, match=r"3 of 23: row 2 is a test"):
        lk.read_responses(path, book)
    responses = lk.read_responses(path, book, only=["Status = IP Address"])
    assert len(responses) == 20
    assert list(lk.describe(lk.screen(responses, book), "sample"))[0] == (
        "20 of the 23 respondents in the file are used; the other 3 were not selected."
    )


def test_rows_that_meet_the_conditions_still_need_a_decision(tmp_path):
    path, book = written(tmp_path, more=(TOTAL,))
    with pytest.raises(lk.InputError, match=r"row 2 is a test"):
        lk.read_responses(path, book, only=["Progress = 100"])
    with pytest.raises(lk.InputError, match="did you mean 'IP Address'"):
        lk.read_responses(*written(tmp_path, file='file.rows = "leave_out"'), only=["Status = IP Adress"])


def test_screening_and_selection_are_told_apart():
    book = lk.Codebook.parse('response = { min = 1, max = 5 }\nscales.service.items = ["Q1", "Q2"]')
    frame = pd.DataFrame({"Q1": [1.0, 2, None, 4, 5, 3], "Q2": [1.0, 2, None, 4, 5, 3]})
    screening = lk.screen(frame, book)
    assert "5 of the 6 respondents in the file are used; screening left out 1." in str(lk.describe(screening, "sample"))


def test_selections_of_a_survey_know_how_many_the_file_holds(tmp_path):
    path, book = written(tmp_path, file='file.rows = "leave_out"', more=("2026-01-01,IP Address,100,R_x,,3",))
    responses = lk.read_responses(path, book)
    chosen = responses[(responses["Q1"] != 1).to_numpy()]
    told = list(lk.describe(lk.screen(chosen, book), "sample"))[0]
    assert told == "17 of the 21 respondents in the file are used; the other 4 were not selected."


def test_rows_left_out_of_a_campaign_are_known_to_its_report(tmp_path):
    path = tmp_path / "customers.csv"
    rows = [f"{'A' if n % 2 else 'none'},{n % 3 // 2},{n % 3 // 2 * 10}" for n in range(60)]
    path.write_text("\n".join(["arm,bought,spend", *rows, "Total,20,200"]) + "\n")
    given = {
        "arm": "arm",
        "shares": ["none: 1", "A: 1"],
        "outcomes": ["bought", "spend"],
        "profit": "0.4 * spend - 0.1",
    }
    with pytest.raises(lk.InputError, match=re.escape('file = ["rows: leave_out"]')):
        lk.read_campaign(path, **given, file=[])
    campaign = lk.read_campaign(path, **given, file=["rows: leave_out"])
    assert campaign.n == 60
    selection = lk.Selection.of(campaign.frame)
    assert [(str(reason), n) for reason, n in selection.left_out] == [("begins with 'Total'", 1)]
