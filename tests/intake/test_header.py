"""Columns under the names that are asked for."""

import pandas as pd
import pytest

from loyalty_kit.intake.grids import tabled
from loyalty_kit.intake.header import are_wordings, column_names, find_header, shown
from loyalty_kit.intake.sources import Source


def test_a_name_asked_for_may_stand_twice_and_others_are_told_apart():
    assert column_names(["q1", "q1", "note", "note"], ["q1"]) == ["q1", "q1", "note#1", "note#2"]


def test_a_header_of_numbers_dates_and_truths_is_text():
    assert column_names([2024.0, pd.Timestamp("2026-03-01"), "True"], []) == ["2024", "2026-03-01", "True"]


def test_columns_shown_are_counted_once():
    assert shown(["q1", "q1", "x"], ["q1", "q2"]) == 1


def test_nothing_has_no_header():
    assert tabled(pd.DataFrame([[None, None]]), Source("The survey", "none.csv", b""), ["q1"]).frame.empty


def test_the_second_of_two_columns_is_asked_for_by_its_number():
    assert column_names(["Q1", "Q1"], ["Q1", "Q1#2"]) == ["Q1", "Q1#2"]
    assert column_names(["Q1", "Q1"], ["Q1#2"]) == ["Q1#1", "Q1#2"]
    assert column_names(["Q1", "Q1"], ["Q1", "Q1.1"]) == ["Q1", "Q1.1"]


SURVEYMONKEY = [
    ["Respondent ID", "Start Date", "How are we?", "", "", "Would you recommend us?"],
    ["", "", "Speed", "Price", "Staff", "Response"],
    ["1001", "01/02/2026", "Good", "Bad", "Good", "9"],
]


@pytest.mark.parametrize(
    ("known", "named"),
    [
        ([], "How are we? - Speed"),
        (["How are we? - Speed"], "How are we? - Speed"),
        (["Speed", "Price"], "Speed"),
        (["Would you recommend us?"], "How are we? - Speed"),
    ],
)
def test_two_header_rows_are_joined_where_the_upper_one_is_blank(known, named):
    header = find_header(SURVEYMONKEY, known)
    assert header.rows == (0, 1)
    assert header.titles[2] == named and header.titles[5] == "Would you recommend us?"


@pytest.mark.parametrize("known", [[], ["q2"]])
def test_titles_above_the_header_are_passed_over(known):
    head = [
        ["Survey of spring", "", ""],
        ["As of", "1 March", ""],
        ["id", "q1", "q2"],
        ["1", "5", "4"],
        ["2", "3", "3"],
    ]
    assert find_header(head, known).rows == (2,)


def test_a_respondent_under_a_nameless_column_is_no_second_header():
    assert find_header([["", "q1", "q2"], ["1", "5", "agree"], ["2", "4", "agree"]], []).rows == (0,)


def test_a_row_of_response_is_a_second_header():
    assert find_header([["id", "q1", "q2"], ["", "Response", "Response"], ["1", "5", "4"]], ["q1"]).rows == (0, 1)


def test_texts_above_numbers_only_are_wordings_and_answers_are_not():
    assert are_wordings(["Staff are kind", "Fair prices"], ["q1", "q2"], [["5", "4"], ["3", "2"]])
    assert not are_wordings(["agree", "agree"], ["q1", "q2"], [["agree", "4"], ["disagree", "2"]])
    assert not are_wordings(["NA", "NA"], ["q1", "q2"], [["5", "4"], ["3", "2"]])


def test_a_first_row_of_amounts_with_their_currency_is_no_row_of_wordings():
    assert not are_wordings(["¥25", "30元", "about 40"], ["P1", "P2", "P3"], [["20", "25", "30"], ["15", "20", ""]])
