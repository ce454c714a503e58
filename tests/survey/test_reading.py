"""Answers as the codebook means them, and every fault of a file told at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from surveys import simulate, surveys

from loyalty_kit.core.errors import ANONYMOUS, InputError, UnreadableError
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_responses

CODEBOOK = """
respondent = "id"
weight = "w"
groups = ["channel"]
missing = [-99, "NA", "不清楚"]
response = { min = 1, max = 5, labels = { "Strongly agree" = 5, "非常同意" = 5, "Don't know" = -99 } }
scales.loyalty.items = ["q1", "q2"]
"""
BOOK = Codebook.parse(CODEBOOK)
ITEMS = Codebook.parse('missing = [-99, "NA"]\nresponse = { min = 1, max = 10 }\nscales.a.items = ["q1", "q2"]')


@pytest.fixture
def read(tmp_path):
    """Reads CSV text."""

    def reader(text: str, book: Codebook = ITEMS, **options: str) -> pd.DataFrame:
        path = tmp_path / "survey.csv"
        path.write_text(text, encoding="utf-8")
        return read_responses(path, book, **options)

    return reader


def sentences(read, text: str, book: Codebook = BOOK, *, anonymous: bool = False) -> list[str]:
    with pytest.raises(InputError) as error:
        read(text, book)
    return (error.value.anonymous if anonymous else error.value.message).split("\n")


def test_items_and_weight_are_numbers_groups_are_text_and_respondents_the_index(read):
    frame = read("comment,q2,id,channel,w,q1\nfine,1,007,1,0.5,5\n,2,1042.0,store,2,\n", BOOK)
    expected = pd.DataFrame(
        {
            "comment": pd.Series(["fine", np.nan], dtype="str"),
            "q2": [1.0, 2.0],
            "channel": pd.Series(["1", "store"], dtype="str"),
            "w": [0.5, 2.0],
            "q1": [5.0, np.nan],
        }
    ).set_index(pd.Index(["007", "1042"], name="id"))
    pd.testing.assert_frame_equal(frame, expected)


def test_without_a_respondent_column_rows_are_numbered_from_0(read):
    pd.testing.assert_index_equal(read("q1,q2\n1,2\n3,4\n").index, pd.RangeIndex(2))


def test_a_codebook_may_be_given_by_its_path(tmp_path, read):
    (tmp_path / "codebook.toml").write_text('response = { min = 1, max = 5 }\nscales.a.items = ["q1"]')
    assert read("q1\n5\n", tmp_path / "codebook.toml")["q1"].tolist() == [5]


@pytest.mark.parametrize("cell", ["", "  ", "-99", "-99.0", " -99 ", "NA", " NA ", "ＮＡ"])
def test_an_empty_cell_and_a_missing_code_are_missing_however_written(read, cell):
    assert np.isnan(read(f"q1,q2\n{cell},2\n")["q1"].item())


@pytest.mark.parametrize("cell", ["N/A", "na", "nan", "-", "-98"])
def test_nothing_else_is_taken_for_missing(read, cell):
    assert sentences(read, f"q1,q2\n{cell},2\n", ITEMS)[0].startswith("Item 'q1' holds ")


@pytest.mark.parametrize(
    ("cell", "value"), [("3", 3), ("+3", 3), ("3.50", 3.5), ("３", 3), ("\u00a03 ", 3), ("3e0", 3)]
)
def test_numbers_are_read_with_blanks_signs_and_full_width_digits(read, cell, value):
    assert read(f"q1,q2\n{cell},2\n")["q1"].item() == value


@pytest.mark.parametrize("cell", ["1_0", "0x3", "inf", "TRUE", "3 5", "５０%", "1e999", "3,5"])
def test_what_only_resembles_a_number_is_a_fault(read, cell):
    assert len(sentences(read, f'q1,q2\n"{cell}",2\n', ITEMS)) == 1


def test_a_decimal_comma_is_read_in_files_with_semicolons(read):
    assert read("q1;q2\n3,5;2.5\n")[["q1", "q2"]].to_numpy().tolist() == [[3.5, 2.5]]
    assert "holds '1.234,5'" in sentences(read, "q1;q2\n1.234,5;2\n", ITEMS)[0]


def one_column(*cells: str, delimiter: str = ",") -> str:
    return f"q1{delimiter}q2\n" + "".join(f'"{cell}"{delimiter}2\n' for cell in cells)


@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_decimal_commas_are_read_whatever_the_delimiter(read, delimiter):
    assert read(one_column("3,5", "4,25", delimiter=delimiter))["q1"].tolist() == [3.5, 4.25]


def test_two_answers_in_a_cell_are_not_taken_for_a_decimal_comma(read):
    assert sentences(read, one_column("3,5", "1,2", "4"), ITEMS)[0] == (
        "Item 'q1' holds '3,5' in 1 row (first: data row 1); that is 3.5 or two answers; "
        'where it is a number, say so with [file] decimal = ",".'
    )
    book = ITEMS.model_copy(update={"file": FileOptions(decimal=",")})
    assert read(one_column("3,5", "1,2", "4"), book)["q1"].tolist() == [3.5, 1.2, 4.0]


@pytest.mark.parametrize("cell", ["1.000", "5,000", "5.0000", "3 stars", "４分", '=""4""'])
def test_of_two_readings_the_one_in_range_is_right(read, cell):
    assert read(one_column(cell, "2"))["q1"].iloc[0] == int(cell.strip('="').replace("４", "4")[0])


WEIGHED = Codebook.parse('weight = "q2"\nresponse = { min = 1, max = 10 }\nscales.a.items = ["q1"]')


def test_a_weight_that_may_be_another_number_is_asked_about(read):
    text = "q1,q2\n1,1.200\n2,1.200\n3,2.400\n"
    told = sentences(read, text, WEIGHED)
    assert told[0] == (
        "Weight 'q2' holds '1.200' in 2 rows (first: data row 1); that is 1.2 or 1200; "
        'say which with [file] decimal = "." or [file] decimal = ",".'
    )
    assert read(text + "4,0.850\n", WEIGHED)["q2"].tolist() == [1.2, 1.2, 2.4, 0.85]


def test_a_wrong_number_is_shown_with_its_form_and_its_flaw(read):
    assert sentences(read, "q1,q2\n1.2.3,1.2.3\n50%,2\n2026-05-01,2 min\n", WEIGHED)[:4] == [
        "Item 'q1' holds '1.2.3', which is no number, in 1 row (first: data row 1); the codebook allows 1 to 10.",
        "Item 'q1' holds '50%', read as 50, in 1 row (first: data row 2); the codebook allows 1 to 10.",
        "Item 'q1' holds '2026-05-01', which is a date, in 1 row (first: data row 3); the codebook allows 1 to 10.",
        "Weight 'q2' holds '1.2.3', which is no number, in 1 row (first: data row 1); "
        "every weight is a number of zero or more.",
    ]


@pytest.mark.parametrize("cell", ["6", "6.0", "6.000", "６"])
def test_a_label_that_is_a_number_recodes_it(read, cell):
    book = Codebook.parse('response = { min = 1, max = 5, labels = { "6" = 3 } }\nscales.a.items = ["q1", "q2"]')
    assert read(one_column(cell, "5"), book)["q1"].tolist() == [3, 5]


def test_a_label_goes_before_the_number_that_it_begins_with(read):
    book = Codebook.parse(
        'response = { min = 1, max = 5, labels = { "1 star" = 5, "5 stars" = 1 } }\nscales.a.items = ["q1", "q2"]'
    )
    assert read(one_column("1 star", "5 stars"), book)["q1"].tolist() == [5, 1]


@pytest.mark.parametrize(
    "cell", ["125", "125秒", "2:05", "00:02:05", "2分5秒", "2 min 5 sec", "125,0", "2.0833333333333333 min"]
)
def test_durations_are_seconds_in_whatever_unit_they_are_written(read, cell):
    book = Codebook.parse('duration = "t"\nresponse = { min = 1, max = 5 }\nscales.a.items = ["q1"]')
    assert read(f'q1,t\n1,"{cell}"\n2,"{cell}"\n', book)["t"].tolist() == pytest.approx([125, 125])


@pytest.mark.parametrize(("yes", "no"), [("TRUE", "FALSE"), ("是", "否"), ("ja", "Nein"), ("1", "0.0")])
def test_truth_values_answer_an_item_from_0_to_1(read, yes, no):
    book = Codebook.parse("response = { min = 0, max = 1 }\nitems.q1 = {}")
    np.testing.assert_array_equal(read(f"q1,q2\n{yes},x\n{no},x\n", book)["q1"], [1, 0])


@pytest.mark.parametrize("cell", ["Strongly agree", " strongly AGREE", "非常同意", "Ｓtrongly agree"])
def test_a_text_answer_among_the_labels_becomes_its_number(read, cell):
    assert read(f"id,w,channel,q1,q2\n1,1,web,{cell},2\n", BOOK)["q1"].item() == 5


def test_a_label_may_stand_for_a_missing_code(read):
    assert np.isnan(read("id,w,channel,q1,q2\n1,1,web,Don't know,2\n", BOOK)["q1"].item())


def test_missing_codes_hold_for_groups_and_an_unanswered_group_is_missing(read):
    frame = read("id,w,channel,q1,q2\n1,1,不清楚,1,1\n2,1,,1,1\n3,1,01,1,1\n", BOOK)
    assert frame["channel"].isna().tolist() == [True, True, False]
    assert frame["channel"].iloc[2] == "01"


FAULTY = """id,w,channel,q1,q2
1042,1,web,11,Strongly agre
7,-1,web,11,0
8,x,web,3,0
9,,web,0,2
"""


def test_every_fault_is_told_at_once_by_column_then_by_count(read):
    assert sentences(read, FAULTY) == [
        "Weight 'w' holds -1 in 1 row (first: respondent 7); every weight is a number of zero or more.",
        "Weight 'w' holds 'x' in 1 row (first: respondent 8); every weight is a number of zero or more.",
        "Weight 'w' is missing in 1 row (first: respondent 9); every weight is a number of zero or more.",
        "Item 'q1' holds 11 in 2 rows (first: respondent 1042); the codebook allows 1 to 5 and its labels.",
        "Item 'q1' holds 0 in 1 row (first: respondent 9); the codebook allows 1 to 5 and its labels.",
        "Item 'q2' holds 0 in 2 rows (first: respondent 7); the codebook allows 1 to 5 and its labels.",
        "Item 'q2' holds 'Strongly agre' in 1 row (first: respondent 1042); the codebook allows 1 to 5 and its labels.",
    ]


MANY = Codebook.parse("""
respondent = "id"
response = { min = 1, max = 5, labels = { "非常同意" = 5 } }
scales.loyalty.items = ["q1", "q2", "q3", "q4"]
""")


def test_one_wrong_answer_in_many_items_is_told_once(read):
    text = "id,q1,q2,q3,q4\na,1,同意,3,4\nb,同意,同意,同意,9\nc,8,9,3,同意\n"
    assert sentences(read, text, MANY) == [
        "Items 'q1', 'q2' and 2 more hold '同意' 5 times (first: respondent a); "
        "the codebook allows 1 to 5 and its labels; add it to response.labels.",
        "Item 'q1' holds 8 in 1 row (first: respondent c); the codebook allows 1 to 5 and its labels.",
        "Item 'q2' holds 9 in 1 row (first: respondent c); the codebook allows 1 to 5 and its labels.",
        "Item 'q4' holds 9 in 1 row (first: respondent b); the codebook allows 1 to 5 and its labels.",
    ]
    assert "(first: data row 1)" in sentences(read, text, MANY, anonymous=True)[0]


@pytest.mark.parametrize("code", [-99, -9, 99, 999])
def test_a_number_that_looks_like_a_missing_code_is_told_with_the_way(read, code):
    assert sentences(read, f"id,q1,q2,q3,q4\na,{code},2,3,4\n", MANY) == [
        f"Item 'q1' holds {code} in 1 row (first: respondent a); the codebook allows 1 to 5 and its labels; "
        "if it means missing, add it to 'missing'."
    ]


def lonely(alone: int, together: int) -> str:
    channels = [f"{number}@example.org" for number in range(alone)] + ["web"] * together
    return "id,w,channel,q1,q2\n" + "".join(f"{row},1,{name},1,1\n" for row, name in enumerate(channels))


def test_a_group_in_which_most_respondents_stand_alone_is_refused_without_naming_them(read):
    assert sentences(read, lonely(13, 12)) == [
        "Group 'channel' holds a value that stands nowhere else in 13 rows (first: respondent 0); "
        "a group is a level that several respondents share."
    ]


@pytest.mark.parametrize(("alone", "together"), [(12, 12), (20, 0)])
def test_a_group_with_some_who_stand_alone_is_read(read, alone, together):
    assert len(read(lonely(alone, together), BOOK)) == alone + together


def test_the_anonymous_sentences_name_rows_in_place_of_respondents(read, monkeypatch):
    told = sentences(read, FAULTY, anonymous=True)
    assert told[3] == "Item 'q1' holds 11 in 2 rows (first: data row 1); the codebook allows 1 to 5 and its labels."
    assert told[4].startswith("Item 'q1' holds 0 in 1 row (first: data row 4)")
    assert not any("respondent 1042" in sentence for sentence in told)
    monkeypatch.setenv(ANONYMOUS, "1")
    with pytest.raises(InputError, match=r"first: data row 1\)"):
        read(FAULTY, BOOK)


def misplaced(*ids: object) -> str:
    """A survey whose last column, the ids, stands in the place of an item."""
    return "id,w,channel,q1,q2\n" + "".join(f"{row},1,web,{name},1\n" for row, name in enumerate(ids))


def test_a_page_quotes_no_text_that_few_respondents_gave_and_tells_those_of_an_item_in_one_line(read):
    text = misplaced(*(f"{row}@example.org" for row in range(8)), *["never"] * 4, *["often"] * 5)
    assert len(sentences(read, text)) == 10
    assert sentences(read, text, anonymous=True) == [
        "Item 'q1' holds 'often' in 5 rows (first: data row 13); the codebook allows 1 to 5 and its labels.",
        "Item 'q1' holds text in 12 rows (first: data row 1); the codebook allows 1 to 5 and its labels.",
    ]


def test_a_page_quotes_some_wrong_numbers_but_not_the_many_that_stand_in_a_column_of_ids(read):
    told = [len(sentences(read, misplaced(*range(1000, 1000 + many)), anonymous=True)) for many in (8, 9, 30)]
    assert told == [8, 1, 1]
    assert sentences(read, misplaced(*range(1000, 1009), -98, -98, -98, -98, -98, 999), anonymous=True) == [
        "Item 'q1' holds -98 in 5 rows (first: data row 10); the codebook allows 1 to 5 and its labels; "
        "if it means missing, add it to 'missing'.",
        "Item 'q1' holds other numbers in 9 rows (first: data row 1); the codebook allows 1 to 5 and its labels.",
        "Item 'q1' holds 999 in 1 row (first: data row 15); the codebook allows 1 to 5 and its labels; "
        "if it means missing, add it to 'missing'.",
    ]


def test_a_page_quotes_no_weight_that_is_a_text(read):
    text = "id,w,channel,q1,q2\n1,ann@example.org,a,1,1\n2,bob@example.org,a,1,1\n3,-1,a,1,1\n"
    assert sentences(read, text, anonymous=True) == [
        "Weight 'w' holds text in 2 rows (first: data row 1); every weight is a number of zero or more.",
        "Weight 'w' holds -1 in 1 row (first: data row 3); every weight is a number of zero or more.",
    ]


def test_one_respondent_who_writes_one_text_everywhere_is_not_quoted(read):
    text = "id,q1,q2,q3,q4\n1,x,x,x,x\n2,1,1,1,x\n"
    assert sentences(read, text, MANY, anonymous=True) == [
        "Items 'q1', 'q2' and 2 more hold text 5 times (first: data row 1); the codebook allows 1 to 5 and its labels."
    ]


def test_invalid_missing_turns_wrong_answers_into_missing_ones_and_nothing_else(read):
    frame = read("q1,q2\n11,abc\n1,2\n", invalid="missing")
    assert frame.isna().to_numpy().tolist() == [[True, True], [False, False]]
    with pytest.raises(InputError, match="Weight 'w' holds -1"):
        read(FAULTY, BOOK, invalid="missing")
    with pytest.raises(InputError, match="'invalid' must be one of 'error', 'missing'; got 'drop'"):
        read(FAULTY, BOOK, invalid="drop")


def test_respondents_who_stand_twice_or_have_no_id_are_faults_and_stay_unnamed_where_asked(read):
    text = "id,w,channel,q1,q2\n1042,1,a,1,1\n7,1,a,1,1\n,1,a,9,1\n 1042,1,a,1,1\n"
    assert sentences(read, text) == [
        "Column 'id' holds 1042 in 2 rows (first: data row 1); every respondent needs an id of their own.",
        "Column 'id' is empty in 1 row (first: data row 3); every respondent needs an id of their own.",
        "Item 'q1' holds 9 in 1 row (first: data row 3); the codebook allows 1 to 5 and its labels.",
    ]
    assert sentences(read, text, anonymous=True)[0] == (
        "Column 'id' holds the same id in 2 rows (first: data row 1); every respondent needs an id of their own."
    )


WAVES = "id,wave,q1\n1,a,1\n2,a,2\n1,b,3\n2,b,4\n"
WAVED = "respondent = {ids}\ngroups = {groups}\nresponse = {{ min = 1, max = 5 }}\nitems.q1 = {{}}"


def test_ids_that_repeat_across_waves_are_told_once_with_the_line_that_names_the_wave(read):
    book = Codebook.parse(WAVED.format(ids='"id"', groups="[]"))
    assert sentences(read, WAVES, book) == [
        "Column 'id' holds 2 ids more than once, in 4 rows (first: data row 1); every respondent needs an id of their "
        'own; if they answered in several waves, write respondent = ["id", "wave"].'
    ]
    (told,) = sentences(read, WAVES.replace("wave", "t"), book)
    assert told.endswith(
        'name the column of the wave beside it, as respondent = ["id", "wave"], or leave \'respondent\' out.'
    )


@pytest.mark.parametrize("groups", ['["wave"]', "[]"])
def test_respondents_of_several_columns_have_their_parts_as_one_id(read, groups):
    frame = read(WAVES, Codebook.parse(WAVED.format(ids='["id", "wave"]', groups=groups)))
    assert (frame.index.name, list(frame.index)) == ("id / wave", ["1 / a", "2 / a", "1 / b", "2 / b"])
    assert list(frame.columns) == (["wave", "q1"] if "wave" in groups else ["q1"])


def test_parts_of_an_id_may_be_neither_empty_nor_together_twice(read):
    book = Codebook.parse(WAVED.format(ids='["id", "wave"]', groups="[]"))
    assert sentences(read, "id,wave,q1\n1,a,1\n1,a,2\n2,,3\n2,,3\n", book) == [
        "Column 'id / wave' holds 1 / a in 2 rows (first: data row 1); every respondent needs an id of their own.",
        "Column 'wave' is empty in 2 rows (first: data row 3); every respondent needs an id of their own.",
    ]
    told = sentences(read, "id,wave,q1\n1,a,1\n1,a,2\n2,b,3\n2,b,3\n", book)[0]
    assert told.endswith("own; name a further column in 'respondent', or leave 'respondent' out.")


def test_durations_are_seconds_however_a_clock_writes_them(read):
    book = Codebook.parse('duration = "t"\nresponse = { min = 1, max = 5 }\nitems.q1 = {}')
    times = read("t,q1\n95,1\n3:25,2\n01:00:01,3\n,4\n", book)["t"]
    assert times.tolist()[:3] == [95, 205, 3601]
    assert times.isna().tolist() == [False, False, False, True]
    assert sentences(read, "t,q1\nsoon,1\n-3,2\n", book) == [
        "Duration 't' holds 'soon' in 1 row (first: data row 1); it is a number of seconds, or 3:25.",
        "Duration 't' holds -3 in 1 row (first: data row 2); it is a number of seconds, or 3:25.",
    ]


def test_a_weight_of_zero_throughout_is_a_fault(read):
    assert sentences(read, "id,w,channel,q1,q2\n1,0,a,1,1\n2,0,a,1,1\n") == [
        "Weight 'w' is 0 in 2 rows (first: respondent 1); at least one must be more."
    ]
    assert read("id,w,channel,q1,q2\n1,0,a,1,1\n2,1,a,1,1\n", BOOK)["w"].tolist() == [0, 1]


def test_each_missing_column_is_named_with_the_nearest_and_the_others_are_still_checked(read):
    assert sentences(read, "id,w,Channel,Q 1,q2\n1,1,web,3,9\n") == [
        "The survey 'survey.csv' lacks the column 'channel'; did you mean 'Channel'?",
        "The survey 'survey.csv' lacks the column 'q1'; did you mean 'Q 1'?",
        "Item 'q2' holds 9 in 1 row (first: respondent 1); the codebook allows 1 to 5 and its labels.",
    ]


def test_a_file_of_something_else_is_one_sentence(read):
    assert sentences(read, "date,amount\n2026-01-01,5\n") == [
        "The survey 'survey.csv' has none of the codebook's columns; its own are 'date', 'amount'; if another row "
        "names them: [file] header = 2."
    ]


def test_of_a_file_without_a_header_a_page_quotes_nothing(read):
    assert sentences(read, "ann@example.org,5\nbob@example.org,4\n", anonymous=True) == [
        "The survey 'survey.csv' has none of the codebook's columns; columns of its own: 2; if another row names them: "
        "[file] header = 2."
    ]


def test_a_column_that_stands_twice_is_a_fault_where_the_codebook_means_it(read):
    assert sentences(read, "q1,q2,q1\n1,2,3\n", ITEMS) == [
        "The survey 'survey.csv' has 2 columns 'q1'; in the codebook write 'q1#1' for the first of them, "
        "'q1#2' for the second, or rename one."
    ]


def test_unseen_characters_around_a_column_name_make_no_difference(read):
    assert list(read("\ufeff\u200bq1,\u00a0q2\t\n5,2\n")) == ["q1", "q2"]


def test_a_sentence_stays_on_one_line_and_shows_no_control_characters(read):
    told = sentences(read, f'q1,q2\n"a\n\x1b[31m{"b" * 80}",2\n', ITEMS)
    assert told == [f"Item 'q1' holds 'a [31m{'b' * 33}…' in 1 row (first: data row 1); the codebook allows 1 to 10."]


def test_an_item_with_no_answer_at_all_is_read(read):
    assert read("q1,q2\n,2\n,3\n")["q1"].isna().all()


# The same answers in every format.


def written(frame: pd.DataFrame, path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """The answers as a file of the path's kind, the respondents as first column."""
    table = frame.reset_index()
    if path.suffix == ".csv":
        table.to_csv(path, index=False, sep=delimiter, encoding=encoding)
    elif path.suffix == ".xlsx":
        table.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        pyreadstat.write_sav(table, path, compress=path.suffix == ".zsav")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_answers_survive_a_csv_file(tmp_path, delimiter, encoding):
    frame, book = simulate(40, missing_share=0.1)
    frame.insert(0, "渠道", ["门店", "网上"] * 20)
    path = written(frame, tmp_path / "survey.csv", delimiter, encoding)
    pd.testing.assert_frame_equal(read_responses(path, book), frame)


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".sav", ".zsav", ".parquet"])
@given(survey=surveys(missing_share=0.1))
@settings(max_examples=10)
def test_any_survey_survives_any_format(tmp_path_factory, ending, survey):
    frame, book = survey
    book = book.model_copy(update={"file": FileOptions(rows="keep")})
    path = written(frame, tmp_path_factory.mktemp("survey") / f"survey{ending}")
    pd.testing.assert_frame_equal(read_responses(path, book), frame)


def test_excel_numbers_stored_as_text_and_numeric_ids_are_read(tmp_path):
    table = pd.DataFrame({"id": [1042.0, 7.0], "w": ["1", "0.5"], "channel": [1, 2.0], "q1": ["3", 4], "q2": [5, " "]})
    table.to_excel(tmp_path / "survey.xlsx", index=False)
    frame = read_responses(tmp_path / "survey.xlsx", BOOK)
    assert frame.index.tolist() == ["1042", "7"]
    assert frame["channel"].tolist() == ["1", "2"]
    assert frame["q1"].tolist() == [3, 4]
    assert frame["q2"].isna().tolist() == [False, True]


def test_truth_values_dates_and_lists_are_faults_in_an_item(tmp_path):
    for kind, wrong in {
        "bool": [True, False],
        "date": pd.to_datetime(["2026-05-01", "2026-05-02"]),
        "list": [[1], [2]],
    }.items():
        pd.DataFrame({"q1": wrong, "q2": [1, 2]}).to_parquet(tmp_path / f"{kind}.parquet")
        with pytest.raises(InputError, match="Item 'q1' holds '"):
            read_responses(tmp_path / f"{kind}.parquet", ITEMS)


def test_long_whole_numbers_stay_different_ids(tmp_path):
    ids = [2**60 + 1, 2**60 + 2]
    pd.DataFrame({"id": ids, "w": [1, 1], "channel": "a", "q1": 1, "q2": 1}).to_parquet(tmp_path / "survey.parquet")
    assert read_responses(tmp_path / "survey.parquet", BOOK).index.tolist() == [str(number) for number in ids]


def sav(path: Path, q1: list[float] | list[str], **options: object) -> Path:
    rows = range(len(q1))
    table = pd.DataFrame({"id": [1042.0 + row for row in rows], "w": 1.0, "channel": [1.0 + row % 2 for row in rows]})
    pyreadstat.write_sav(table.assign(q1=q1, q2=1.0), path, **options)
    return path


def test_spss_groups_take_value_labels_items_their_codes_and_user_missing_is_missing(tmp_path):
    path = sav(
        tmp_path / "survey.sav",
        [1, 5, 98, 3],
        variable_value_labels={"channel": {1: "门店", 2: "Web"}, "q1": {1: "Not at all", 5: "Strongly agree"}},
        missing_ranges={"q1": [98]},
    )
    frame = read_responses(path, BOOK)
    assert frame.index.tolist() == ["1042", "1043", "1044", "1045"]
    assert frame["channel"].tolist() == ["门店", "Web", "门店", "Web"]
    np.testing.assert_array_equal(frame["q1"], [1, 5, np.nan, 3])


def test_spss_value_labels_among_the_missing_codes_are_missing(tmp_path):
    path = sav(tmp_path / "survey.sav", [1, 8], variable_value_labels={"q1": {8: "不清楚"}})
    np.testing.assert_array_equal(read_responses(path, BOOK)["q1"], [1, np.nan])


def test_spss_codes_that_contradict_the_labels_are_read_by_their_texts(tmp_path):
    """The file says 1 = Strongly agree, the codebook 5: reading the codes would turn the item unseen."""
    labels = {"q1": {1: "Strongly agree", 2: "Agree", 3: "Neither"}}
    path = sav(tmp_path / "survey.sav", [1, 2, 1], variable_value_labels=labels)
    book = Codebook.parse(CODEBOOK + "items.q1.labels = { Agree = 4, Neither = 3 }")
    np.testing.assert_array_equal(read_responses(path, book)["q1"], [5, 4, 5])


def test_a_spss_label_that_means_missing_leaves_the_other_codes_as_they_are(tmp_path):
    """The file codes "Don't know" as 3 and the codebook as -99, which is missing: no contradiction."""
    path = sav(tmp_path / "survey.sav", [1, 3, 5], variable_value_labels={"q1": {3: "Don't know"}})
    np.testing.assert_array_equal(read_responses(path, BOOK)["q1"], [1, np.nan, 5])


def test_spss_text_answers_take_their_value_labels(tmp_path):
    path = sav(tmp_path / "survey.sav", ["a", "b", ""], variable_value_labels={"q1": {"a": "Strongly agree", "": "?"}})
    with pytest.raises(InputError, match="^Item 'q1' holds 'b' in 1 row"):
        read_responses(path, BOOK)


def test_a_day_as_group_is_the_same_in_excel_and_csv(tmp_path):
    table = pd.DataFrame({"id": ["a"], "w": 1, "channel": pd.to_datetime(["2026-05-01"]), "q1": 1, "q2": 1})
    table.to_excel(tmp_path / "survey.xlsx", index=False)
    table.to_csv(tmp_path / "survey.csv", index=False)
    for name in ("survey.xlsx", "survey.csv"):
        assert read_responses(tmp_path / name, BOOK)["channel"].tolist() == ["2026-05-01"]


def test_spss_codes_without_a_text_are_faults_where_the_texts_count(tmp_path):
    path = sav(tmp_path / "survey.sav", [1, 2], variable_value_labels={"q1": {1: "Strongly agree"}})
    with pytest.raises(InputError, match=r"Item 'q1' holds '2 \(no label\)' in 1 row"):
        read_responses(path, BOOK)


# Whatever the bytes: a frame or a sentence.

SURVEY = (
    'id,w,channel,q1,q2,note\n001,1,web,1,5,"a ""note"", long"\n002,0.5,门店,Strongly agree,NA,\n003,2,,-99,2,x\n'
).encode()


@st.composite
def mutated(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes with a few of them overwritten, left out, repeated or put in."""
    data = bytearray(whole)
    telling = st.sampled_from(
        [b",", b";", b'"', b"\n", b"\r", b"\x00", b"\xff", b"=", b"[", b"{", b"-", b"9" * 400, b"1e999"]
    )
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = start + draw(st.integers(0, 12))
        data[start:end] = draw(telling | st.binary(max_size=3) | st.just(bytes(data[start:end]) * 2))
    return bytes(data)


def frame_or_sentences(survey: Path, codebook: Path) -> None:
    try:
        assert isinstance(read_responses(survey, codebook), pd.DataFrame)
    except InputError as error:
        for text in (error.message, error.anonymous):
            assert all(line.endswith((".", "?")) and line.isprintable() for line in text.split("\n"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@given(
    data=mutated(SURVEY)
    | mutated(SURVEY.decode().encode("gb18030"))
    | mutated(SURVEY.decode().encode("utf-16"))
    | st.binary(max_size=60)
)
@settings(max_examples=500)
def test_a_damaged_survey_ends_in_a_frame_or_in_sentences(folder, data):
    (folder / "survey.csv").write_bytes(data)
    (folder / "codebook.toml").write_text(CODEBOOK, encoding="utf-8")
    frame_or_sentences(folder / "survey.csv", folder / "codebook.toml")


@given(data=mutated(CODEBOOK.encode()))
@settings(max_examples=300)
def test_a_damaged_codebook_ends_in_a_frame_or_in_sentences(folder, data):
    (folder / "sound.csv").write_bytes(SURVEY)
    (folder / "damaged.toml").write_bytes(data)
    frame_or_sentences(folder / "sound.csv", folder / "damaged.toml")


def test_a_survey_without_respondents_is_refused(tmp_path, read):
    with pytest.raises(UnreadableError, match="^The survey 'survey.csv' holds no respondents.$"):
        read("q1,q2\n", ITEMS)


def test_unreadable_and_wrong_files_are_told_apart(tmp_path, read):
    with pytest.raises(UnreadableError):
        read_responses(tmp_path / "none.csv", ITEMS)
    with pytest.raises(InputError) as error:
        read("q1,q2\n11,2\n")
    assert not isinstance(error.value, UnreadableError)


def test_columns_are_read_by_the_short_names_that_the_codebook_gives_them(read):
    text = 'respondent = "id"\ngroups = ["channel"]\nresponse = { min = 1, max = 5 }\nscales.a.items = ["Q1", "Q2"]\n'
    names = '[names]\nid = "Your number"\nchannel = "Where do you buy?"\nQ1 = "Staff are friendly"\n'
    held = read("Your number,Where do you buy?,Ｓtaff are  friendly,Q2\n7,web,4,5\n", Codebook.parse(text + names))
    assert (list(held.index), held.to_dict("list")) == (["7"], {"channel": ["web"], "Q1": [4.0], "Q2": [5.0]})


def test_an_absent_column_is_called_by_its_name_in_the_file(read):
    book = Codebook.parse(
        'response = { min = 1, max = 5 }\nscales.a.items = ["Q1", "Q2"]\nnames.Q1 = "Staff are friendly"'
    )
    assert sentences(read, "Staff are frendly,Q2\n4,5\n", book) == [
        "The survey 'survey.csv' lacks the column 'Staff are friendly'; did you mean 'Staff are frendly'?"
    ]


@pytest.mark.parametrize("cell", ["NA", ".", "#NULL!", "(空)", "(跳过)", "不清楚", "Don't know", "-1", "98", "n/a"])
def test_what_looks_like_no_answer_is_led_to_missing(read, cell):
    book = Codebook.parse("response = { min = 1, max = 5 }\nitems.q1 = {}")
    (told,) = sentences(read, f"q1\n3\n{cell}\n4\n", book)
    assert told.endswith("if it means missing, add it to 'missing'.")


def test_a_code_gets_the_advice_that_the_files_own_label_asks_for(tmp_path):
    frame = pd.DataFrame({"q1": [1.0, 98, 6, 5]})
    labels = {"q1": {98: "Keine Angabe", 6: "Neutral"}}
    pyreadstat.write_sav(frame, tmp_path / "s.sav", variable_value_labels=labels)
    with pytest.raises(InputError) as refusal:
        read_responses(tmp_path / "s.sav", Codebook.parse("response = { min = 1, max = 5 }\nitems.q1 = {}"))
    first, second = str(refusal.value).splitlines()
    assert "the file calls it 'Keine Angabe': if it means missing, add it to 'missing'." in first
    assert "the file calls it 'Neutral': add it to" in second
    assert 'response.labels = { "6" = … }' in second
