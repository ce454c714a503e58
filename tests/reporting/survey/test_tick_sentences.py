"""Sentences, tables and figures about select-all questions."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

mpl.use("agg")

BOOK = lk.Codebook.parse("""
groups = ["channel"]
[items.buys]
kind = "ticks"
wording = "Where <b>do</b> you buy?"
columns = { q_1 = "Store", q_2 = "Web" }
""")
EMPTY = lk.Codebook.parse('groups = ["channel"]')


def answers(store: int, web: int, blank: int, none: int = 0) -> pd.DataFrame:
    first = [1.0] * store + [0.0] * (web + none) + [np.nan] * blank
    second = [0.0] * store + [1.0] * web + [0.0] * none + [np.nan] * blank
    return pd.DataFrame({"q_1": first, "q_2": second, "channel": "all"})


@pytest.fixture(autouse=True)
def english():
    yield
    lk.speak("en")


def test_highest_and_lowest_share_are_told_with_interval_base_and_who_does_not_count():
    told = list(lk.describe(lk.tick_shares(answers(30, 10, 20, 10), BOOK)))
    assert [text.replace("\xa0", " ") for text in told] == [
        "'Where <b>do</b> you buy?': 60 % chose Store (95 % interval 46 to 72, n = 50), the most of all options; "
        "20 % chose Web (95 % interval 11 to 33, n = 50), the fewest.",
        "Shares are of the 50 respondents who chose at least one option or have 'not chosen' written out.",
        "For 20 respondents nothing stands there; they do not count, as it cannot be told whether they saw "
        "the question.",
        "Of those who count, 10 chose none of the options.",
    ]


def test_counts_of_a_few_are_not_told():
    told = str(lk.describe(lk.tick_shares(answers(30, 10, 2, 3), BOOK)))
    assert "Fewer than 5 respondents do not count." in told
    assert "none of the options" not in told
    assert "'Where <b>do</b> you buy?' has fewer than 5 answers" in str(
        lk.describe(lk.tick_shares(answers(2, 1, 9), BOOK))
    )


def test_equal_shares_are_told_as_such():
    assert "Store and Web were chosen alike, by 50" in str(lk.describe(lk.tick_shares(answers(20, 20, 0), BOOK)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_is_a_table_and_a_figure_where_there_is_a_question_and_a_sentence_where_there_is_none(language):
    lk.speak(language)
    result, nothing = lk.tick_shares(answers(30, 10, 20), BOOK), lk.tick_shares(answers(30, 10, 20), EMPTY)
    page = lk.table(result).as_raw_html()
    assert "&lt;b&gt;do&lt;/b&gt;" in page
    assert "Where <b>" not in page
    assert "all" in lk.table(result, "groups").as_raw_html()
    assert len(lk.plot(result).get_yticks()) == 2
    assert (lk.table(nothing), lk.table(nothing, "groups"), lk.plot(nothing)) == (None, None, None)
    assert len(lk.describe(nothing)) == 1


def test_a_hidden_level_has_no_name_in_the_table():
    table = answers(30, 10, 0).assign(channel=["web"] * 20 + ["shop"] * 18 + ["alice"] * 2)
    page = lk.table(lk.tick_shares(table, BOOK), "groups").as_raw_html()
    assert "alice" not in page
    assert "shop" not in page
    assert "under 5 or withheld" in page
