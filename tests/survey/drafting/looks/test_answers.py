"""What a draft makes of the answers that columns hold: order, range, what stands for no answer."""

import pandas as pd
import pytest

from loyalty_kit.intake.sources import RawTable
from loyalty_kit.survey.drafting.looks.answers import Answers, answers_of
from loyalty_kit.survey.drafting.looks.columns import columns_of
from loyalty_kit.survey.drafting.looks.label_sets import ordered, own_number


def found(*cells: object, labels: dict[float, str] | None = None, missing: tuple[object, ...] = ()) -> Answers | None:
    """Answers of one column, each cell in five rows."""
    column = pd.Series(list(cells) * 5, name="q")
    table = RawTable(column.to_frame(), value_labels={"q": labels or {}}, missing={"q": missing})
    return answers_of(columns_of(table))


@pytest.mark.parametrize(
    "words",
    [
        ["Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree"],
        ["Totally disagree", "Tend to disagree", "Neutral", "Tend to agree", "Totally agree"],
        ["Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied", "Satisfied", "Very satisfied"],
        [
            "Extremely unlikely",
            "Somewhat unlikely",
            "Neither likely nor unlikely",
            "Somewhat likely",
            "Extremely likely",
        ],
        ["Not at all important", "Slightly important", "Moderately important", "Very important", "Extremely important"],
        ["Never", "Rarely", "Sometimes", "Often", "Always"],
        ["Terrible", "Poor", "Average", "Good", "Excellent"],
        ["非常不同意", "不同意", "一般", "同意", "非常同意"],
        ["很不满意", "不满意", "一般", "满意", "很满意"],
        ["完全不符合", "不太符合", "不确定", "比较符合", "完全符合"],
        ["从不", "很少", "有时", "经常", "总是"],
        ["非常差", "较差", "一般", "较好", "非常好"],
    ],
)
def test_words_get_their_numbers_in_the_right_order(words):
    assert ordered(words) == {word: float(number) for number, word in enumerate(words, 1)}
    held = found(*words[::-1])
    assert (held.low, held.high, list(held.labels), held.notes) == (1, 5, words, ())


def test_seven_steps_are_told_from_five():
    words = [
        "Strongly disagree",
        "Disagree",
        "Somewhat disagree",
        "Neutral",
        "Somewhat agree",
        "Agree",
        "Strongly agree",
    ]
    assert list(ordered(words).values()) == [1, 2, 3, 4, 5, 6, 7]


def test_words_of_no_known_order_are_not_guessed():
    assert found("red", "green", "blue") is None
    assert ordered(["Strongly agree", "Completely agree", "Agree"]) is None


def test_a_step_that_nobody_chose_keeps_its_place_and_is_told():
    held = found("Strongly disagree", "Neutral", "Agree")
    assert held.labels == {"Strongly disagree": 1, "Neutral": 3, "Agree": 4}
    assert (held.low, held.high) == (1, 5)
    assert "nobody answered" in held.notes[0]


def test_dont_know_stands_apart():
    held = found("Disagree", "Neutral", "Agree", "Don't know", "N/A")
    assert set(held.missing) == {"Don't know", "N/A"}
    assert "Don't know" not in held.labels


def test_words_at_the_ends_of_numbers_are_the_next_numbers():
    held = found("Not at all likely", "2", "3", "4", "Extremely likely")
    assert held.labels == {"Not at all likely": 1, "Extremely likely": 5}
    assert len(held.notes) == 1


def test_words_that_carry_their_numbers_are_worth_these():
    held = found("1 - Strongly disagree", "3", "5 - Strongly agree", "2", "4")
    assert (held.low, held.high) == (1, 5)
    assert held.labels == {"1 - Strongly disagree": 1, "5 - Strongly agree": 5}


@pytest.mark.parametrize(
    ("text", "number"), [("18-24", None), ("Under 18", None), ("3 or more years", None), ("4分", 4)]
)
def test_ages_and_amounts_carry_no_number_of_a_scale(text, number):
    assert own_number(text) == number


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        ([1, 2, 3, 4, 5, 98, 99], {98, 99}),
        ([1, 2, 3, 4, 5, -1, -9], {-1, -9}),
        ([1, 2, 3, 4, 5, 6, 7, -99], {-99}),
        (["1", "2", "3", "4", "5", "-3", "-2"], {-3, -2}),
        ([1, 2, 3, 4, 5, "(跳过)", "(空)"], {"(跳过)", "(空)"}),
        ([1, 2, 3, 4, 5, "NA"], {"NA"}),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], set()),
        ([-2, -1, 0, 1, 2], set()),
    ],
)
def test_codes_for_no_answer_are_told_from_answers(cells, missing):
    held = found(*cells)
    assert set(held.missing) == missing
    assert held.notes == ()


def test_a_nine_above_a_gap_is_asked_about():
    held = found(1, 2, 3, 4, 5, 9)
    assert (held.low, held.high, set(held.missing)) == (1, 5, {9})
    assert "no answer" in held.notes[0]


def test_codes_that_the_file_declares_missing_or_labels_so_are_missing():
    labels = {1.0: "Not at all", 5.0: "Completely", 8.0: "Don't know", 9.0: "Refused"}
    held = found(1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 9.0, labels=labels)
    assert (held.low, held.high) == (1, 5)
    assert held.missing == {8.0: "Don't know", 9.0: "Refused"}
    assert set(found(1.0, 2.0, 3.0, 6.0, 7.0, missing=((6.0, 7.0),)).missing) == {6.0, 7.0}


def test_ends_that_only_the_files_labels_tell_are_the_range():
    held = found(2.0, 3.0, 4.0, labels={1.0: "Strongly disagree", 5.0: "Strongly agree"})
    assert (held.low, held.high, held.in_words) == (1, 5, True)


def test_numbers_that_run_against_their_labels_are_turned():
    words = ["Strongly agree", "Agree", "Neutral", "Disagree", "Strongly disagree"]
    held = found(1.0, 2.0, 3.0, 4.0, 5.0, labels={float(number): word for number, word in enumerate(words, 1)})
    assert held.labels == {word: float(number) for number, word in enumerate(words[::-1], 1)}


def test_a_range_that_the_answers_do_not_fill_is_told():
    held = found(2, 3, 4)
    assert (held.low, held.high) == (1, 5)
    assert "the range is taken as 1 to 5" in held.notes[0]


@pytest.mark.parametrize("cells", [(0, 1), (1, 2), ("yes", "no"), (1.5, 2.5, 3.0), (23, 45, 67)])
def test_what_is_no_scale_has_no_answers(cells):
    assert found(*cells) is None
