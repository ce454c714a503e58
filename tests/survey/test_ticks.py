"""Select-all questions: what a cell says of an option, who saw the question, and what is asked instead of guessed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.errors import InputError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_columns, read_responses
from loyalty_kit.survey.ticks import found_separator, parts_of

ITEMS = "file.rows = 'keep'\nresponse = { min = 1, max = 5 }\nitems.q1 = {}\n"
COLUMNS = '[items.channels]\nkind = "ticks"\ncolumns = { Q5_1 = "In the store", Q5_2 = "On the web" }\n'
CELL = '[items.Q6]\nkind = "ticks"\n'


@pytest.fixture
def read(tmp_path: Path):
    """Reads CSV text by codebook text."""

    def reader(text: str, book: str) -> pd.DataFrame:
        path = tmp_path / "survey.csv"
        path.write_text(text, encoding="utf-8")
        return read_responses(path, Codebook.parse(book))

    return reader


def rows(frame: pd.DataFrame, *names: str) -> list[str]:
    """Variables row by row, as '10' and, where missing, '--'."""
    return [
        "".join("-" if np.isnan(value) else f"{value:.0f}" for value in row) for row in frame[list(names)].to_numpy()
    ]


@pytest.mark.parametrize(
    ("chosen", "not_chosen"),
    [("1", ""), ("1", "0"), ("TRUE", "FALSE"), ("Yes", "No"), ("Y", "N"), ("是", "否"), ("In the store", ""), ("X", "")]
    + [("3", ""), ("selected", "not selected"), ("Checked", "Unchecked"), ("1.0", "0.0"), ("√", ""), ("Laden", "")],
)
def test_an_option_is_chosen_by_one_mark_and_not_by_a_blank_or_a_word_for_no(read, chosen, not_chosen):
    web = "On the web" if chosen == "In the store" else chosen
    text = f"q1,Q5_1,Q5_2\n1,{chosen},{not_chosen}\n2,{not_chosen},{web}\n3,{chosen},{web}\n4,,\n"
    assert rows(read(text, ITEMS + COLUMNS), "Q5_1", "Q5_2") == ["10", "01", "11", "--"]


def test_who_has_not_chosen_written_out_has_seen_the_question_and_who_has_only_blanks_has_not(read):
    text = "q1,Q5_1,Q5_2\n1,0,0\n2,1,\n3,,\n"
    assert rows(read(text, ITEMS + COLUMNS), "Q5_1", "Q5_2") == ["00", "10", "--"]


def test_with_the_base_answered_all_who_answered_anything_have_seen_it(read):
    text = "q1,city,Q5_1,Q5_2\n1,a,0,0\n2,b,1,\n3,a,,\n,b,,\n"
    book = 'groups = ["city"]\n[file]\nrows = "keep"\n[response]\nmin = 1\nmax = 5\n[items.q1]\n' + COLUMNS
    assert rows(read(text, book + 'base = "answered"'), "Q5_1", "Q5_2") == ["00", "10", "00", "--"]


def test_a_missing_code_says_nothing_of_its_option(read):
    text = "q1,Q5_1,Q5_2\n1,-3,-3\n2,1,-3\n3,1,\n4,,1\n"
    book = "missing = [-3]\n" + ITEMS + COLUMNS
    assert rows(read(text, book), "Q5_1", "Q5_2") == ["--", "1-", "10", "01"]


def test_two_marks_in_one_column_are_asked_about_with_the_line_that_settles_it(read):
    text = "q1,Q5_1,Q5_2\n1,1,2\n2,2,2\n3,1,1\n"
    with pytest.raises(InputError) as refusal:
        read(text, ITEMS + COLUMNS)
    assert str(refusal.value) == (
        "Ticks 'Q5_1', 'Q5_2' hold 2 in 3 rows (first: data row 1); an option is chosen by one mark, or by 1, Yes or "
        "its own label; where this means chosen too, write items.channels.chosen = 2."
    )
    assert rows(read(text, ITEMS + COLUMNS + "chosen = 2"), "Q5_1", "Q5_2") == ["01", "11", "00"]


def test_what_people_wrote_beside_an_option_counts_where_the_codebook_says_so(read):
    text = "q1,Q5_1,Q5_2\n1,1,my aunt\n2,,a friend\n3,1,\n"
    with pytest.raises(InputError, match=r'items\.channels\.chosen = "any"'):
        read(text, ITEMS + COLUMNS)
    assert rows(read(text, ITEMS + COLUMNS + 'chosen = "any"'), "Q5_1", "Q5_2") == ["11", "01", "10"]


def test_a_question_of_which_everybody_chose_everything_is_asked_about(read):
    text = "q1,Q5_1,Q5_2\n" + "1,1,1\n" * 5
    with pytest.raises(InputError, match="are all chosen in 5 rows"):
        read(text, ITEMS + COLUMNS)
    assert rows(read(text, ITEMS + COLUMNS + "chosen = 1"), "Q5_1", "Q5_2") == ["11"] * 5


def test_the_files_own_labels_say_what_is_chosen(tmp_path):
    frame = pd.DataFrame({"q1": [1.0, 2, 3], "Q5_1": [1.0, 2, 2], "Q5_2": [2.0, 2, 1]})
    labels = {name: {1: "not quoted", 2: "quoted"} for name in ("Q5_1", "Q5_2")}
    pyreadstat.write_sav(frame, tmp_path / "s.sav", variable_value_labels=labels)
    assert rows(read_responses(tmp_path / "s.sav", Codebook.parse(ITEMS + COLUMNS)), "Q5_1", "Q5_2") == [
        "01",
        "11",
        "10",
    ]


@pytest.mark.parametrize(
    ("options", "cells"),
    [
        ("{ 1 = 'Price', 2 = 'Service', 3 = 'Quality' }", ['"1,3"', "2", '"3, 1 ,2"']),
        ("['Price', 'Service', 'Quality']", ["Price┋Quality", "Service", "Quality┋Price┋Service"]),
        ("['Price', 'Service', 'Quality']", ["price; quality;", "SERVICE;", "Quality;Price;Service"]),
        (
            "['Price, net', 'Service', 'Quality']",
            ['"Price, net, Quality"', "Service", '"Quality, Service, Price, net"'],
        ),
        ("['价格', '服务', '质量']", ["价格、质量", "服务", "质量、价格、服务"]),
        ("['价格', '服务', '质量']", ["价格┋质量〖都很好〗", "服务", "质量┋价格┋服务"]),
        ("{ 1 = 'Price', 2 = 'Service', 3 = 'Quality' }", ["1|3", "2", "1|2|3"]),
    ],
)
def test_a_cell_of_several_options_falls_into_variables(read, options, cells):
    text = "q1,Q6\n" + "".join(f"1,{cell}\n" for cell in cells) + "2,\n"
    frame = read(text, ITEMS + CELL + f"options = {options}")
    names = [name for name in frame if name.startswith("Q6_")]
    assert rows(frame, *names) == ["101", "010", "111", "---"]


def test_a_part_that_is_no_option_is_a_fault_or_counts_as_the_one_for_others(read):
    text = "q1,Q6\n1,Price;my aunt\n2,Price\n3,my aunt\n"
    with pytest.raises(InputError) as refusal:
        read(text, ITEMS + CELL + "options = ['Price', 'Else']")
    assert str(refusal.value) == (
        "Ticks 'Q6' hold 'my aunt' in 2 rows (first: data row 1); it is none of the options; add it to "
        "items.Q6.options, or name the option that it counts as in items.Q6.other."
    )
    assert "aunt" not in refusal.value.anonymous
    frame = read(text, ITEMS + CELL + "options = ['Price', 'Else']\nother = 'Else'")
    assert rows(frame, "Q6_Price", "Q6_Else") == ["11", "10", "01"]


def test_options_that_are_not_listed_are_told_as_the_line_that_lists_them_but_not_what_few_wrote(read):
    text = "q1,Q6\n" + '1,"In store;""Web"""\n' * 5 + "1,my aunt\n"
    with pytest.raises(InputError) as refusal:
        read(text, ITEMS + CELL)
    assert 'write items.Q6.options = ["In store", "\\"Web\\""]' in str(refusal.value)
    assert "aunt" not in str(refusal.value)


def test_an_option_may_not_be_called_as_a_column_of_the_file_is(read):
    with pytest.raises(InputError, match="has a column 'Q6_A', as an option of 'Q6' is called"):
        read("q1,Q6,Q6_A\n1,A,2\n", ITEMS + CELL + "options = ['A']")


def test_a_column_that_is_lacking_is_told_as_any_other(read):
    with pytest.raises(InputError, match="lacks the column 'Q5_2'"):
        read("q1,Q5_1\n1,1\n", ITEMS + COLUMNS)


def test_single_variables_are_read_as_with_all_others(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_text("q1,Q5_1,Q5_2,Q6\n1,1,,A\n2,,,B\n3,,1,\n")
    book = Codebook.parse(ITEMS + COLUMNS + 'base = "answered"\n' + CELL + "options = ['A', 'B']")
    whole = read_responses(path, book)
    for names in (["Q5_1"], ["Q6_B", "q1"], ["Q6"]):
        pd.testing.assert_frame_equal(read_columns(path, book, names), whole[names])


@given(st.lists(st.sets(st.integers(1, 9), min_size=1), min_size=2, max_size=12), st.sampled_from("┋|;、,"))
def test_codes_that_are_joined_are_found_again(chosen: list[set[int]], separator: str):
    texts = [f"{separator} ".join(map(str, sorted(codes))) for codes in chosen]
    found = found_separator(texts)
    assert [{int(part) for part in parts_of(text, (), found)} for text in texts] == chosen
