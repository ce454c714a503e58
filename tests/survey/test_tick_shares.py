"""Shares of options: of whom, how sure, and whose are hidden."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.errors import InputError
from loyalty_kit.drivers.regression import drivers
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.groups import group_counts
from loyalty_kit.survey.scoring import score
from loyalty_kit.survey.tick_shares import tick_shares

BOOK = Codebook.parse("""
groups = ["channel"]
response = { min = 1, max = 5 }
scales.trust.items = ["a"]
[items.buys]
kind = "ticks"
wording = "Where do you buy?"
columns = { q_1 = "Store", q_2 = "Web" }
""")


def answers(n: int = 60, **columns: object) -> pd.DataFrame:
    """40 chose Store, 10 of these Web too, 8 none of both; 12 did not see it."""
    seen = pd.DataFrame({"q_1": [1.0] * 40 + [0] * 8 + [np.nan] * 12, "q_2": [1.0] * 10 + [0] * 38 + [np.nan] * 12})
    levels = ["web"] * 30 + ["store"] * 25 + ["app"] * 5
    return seen.assign(channel=levels, a=np.tile([1.0, 2, 3, 4, 5], 12), **columns)


def test_shares_are_of_those_who_saw_the_question_with_wilsons_interval():
    table = tick_shares(answers(), BOOK).overall().set_index("option")
    assert table["n"].tolist() == [48, 48]
    np.testing.assert_allclose(table["share"], [40 / 48, 10 / 48], rtol=1e-12)
    for name, count in (("q_1", 40), ("q_2", 10)):
        expected = proportion_confint(count, 48, method="wilson")
        np.testing.assert_allclose(table.loc[name, ["ci_low", "ci_high"]].to_numpy(dtype=float), expected, rtol=1e-12)


def test_the_base_says_who_counts_who_does_not_and_who_chose_nothing():
    base = tick_shares(answers(), BOOK).bases["buys"]
    assert (base.wording, base.rule, base.n_used, base.n_dropped, base.n_none) == (
        "Where do you buy?",
        "ticked",
        48,
        12,
        8,
    )


def test_small_levels_are_hidden_with_as_many_others_as_keep_them_from_being_worked_out():
    table = tick_shares(answers(), BOOK, by="channel", min_cell=5).table.set_index(["level", "option"])
    np.testing.assert_allclose(table.loc[("web", "q_1"), ["n", "share"]].tolist(), [30, 1])
    # 5 of the 60 come by app, but none of them saw the question.
    np.testing.assert_allclose(table.loc[("store", "q_1"), ["n", "share"]].tolist(), [18, 10 / 18])
    few = answers().assign(channel=["web"] * 30 + ["store"] * 15 + ["alice"] * 3 + ["app"] * 12)
    hidden = tick_shares(few, BOOK, by="channel").table
    assert hidden.loc[hidden["group"] == "channel", "level"].unique().tolist() == ["web", "(other)"]
    assert hidden.loc[hidden["level"] == "(other)", "share"].isna().all()


def test_a_question_that_few_saw_has_no_figures():
    few = answers()
    few.loc[4:, ["q_1", "q_2"]] = np.nan
    assert tick_shares(few, BOOK).table["share"].isna().all()
    assert tick_shares(few, BOOK).estimates() == ()
    assert tick_shares(few, BOOK, min_cell=4).table["share"].notna().any()


def test_weights_count_by_their_sum_and_intervals_by_the_effective_n():
    book = BOOK.edit(weight="w")
    weight = np.r_[np.full(10, 3.0), np.full(30, 1.0), np.full(8, 0.5), np.full(12, 9.0)]
    table = tick_shares(answers(w=weight), book, by=[]).table.set_index("option")
    used = weight[:48]
    effective, share = used.sum() ** 2 / (used**2).sum(), 30 / used.sum()
    np.testing.assert_allclose(table.loc["q_2", "share"], share, rtol=1e-12)
    expected = proportion_confint(share * effective, effective, method="wilson")
    np.testing.assert_allclose(table.loc["q_2", ["ci_low", "ci_high"]].to_numpy(dtype=float), expected, rtol=1e-12)


def test_a_codebook_without_such_questions_gives_no_row():
    result = tick_shares(answers(), BOOK.edit(items={"buys": None}))
    assert (len(result.table), dict(result.bases), result.estimates()) == (0, {}, ())


def test_variables_that_the_answers_lack_are_named():
    with pytest.raises(InputError, match="lacks the column 'q_2'"):
        tick_shares(answers().drop(columns="q_2"), BOOK)


def test_an_option_is_a_driver_whose_coefficient_is_the_difference_of_means():
    table = answers()
    scores = score(table, BOOK)
    model = drivers(scores, outcome="trust", drivers=["q_1"])
    seen = scores.frame.dropna(subset=["q_1"])
    means = seen.groupby("q_1")["trust"].mean()
    np.testing.assert_allclose(model.to_frame()["estimate"][0], means[1] - means[0], rtol=1e-9)
    assert (model.n_used, model.labels["q_1"]) == (48, "Store")


def test_an_option_is_a_group_by_its_label():
    book = BOOK.edit(groups=["q_1"])
    table = group_counts(answers(), book).table
    assert table["group"].unique().tolist() == ["Store"]
    assert dict(zip(table["level"], table["n"], strict=True)) == {"(chosen)": 40, "(not chosen)": 8, "(none)": 12}
