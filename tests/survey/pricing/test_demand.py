"""Demand: monotone, by hand, and the same as an independent isotonic regression."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.pricing.demand import falling_means
from loyalty_kit.survey.pricing.gabor_granger import gabor_granger
from loyalty_kit.survey.pricing.newton_miller_smith import FIVE, buying_chances, chances_of, price_grid

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "prices.json").read_text("utf-8"))
LADDER = Codebook.parse("response = { min = 0, max = 1 }\nprice.ladder = { a = 10, b = 20, c = 30 }")


def ladder(*counts: tuple[int, list[float | None]]) -> pd.DataFrame:
    """Answers to a, b and c, each line so many times."""
    rows = [line for n, line in counts for _ in range(n)]
    return pd.DataFrame(rows, columns=["a", "b", "c"], dtype=float)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=8))
def test_falling_means_equal_scikit_learns_isotonic_regression(columns):
    means, totals = (np.array(values, dtype=float) for values in zip(*columns, strict=True))
    expected = IsotonicRegression(increasing=False).fit_transform(np.arange(len(means)), means, sample_weight=totals)
    found = falling_means((means * totals)[None, :], totals[None, :])[0]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert (np.diff(found) <= 1e-12).all()


def test_chances_of_buying_run_straight_between_a_respondents_own_prices():
    held = REFERENCE["buying"]
    found = buying_chances(
        np.array(REFERENCE["answers"][:1], dtype=float), np.array([0.7]), np.array([0.3]), np.array(held["prices"])
    )
    np.testing.assert_allclose(found[0], held["chances"], atol=1e-12)


@pytest.mark.parametrize(
    ("four", "at", "expected"),
    [
        ([20, 20, 30, 40], [10, 20, 25], [0, 0.7, 0.5]),
        ([10, 20, 20, 30], [15, 20, 25], [0.35, 0.3, 0.15]),
        ([10, 20, 30, 30], [25, 30, 31], [0.5, 0.3, 0]),
        ([20, 20, 20, 20], [19, 20, 21], [0, 0.3, 0]),
    ],
)
def test_where_two_prices_are_one_the_chance_jumps_there(four, at, expected):
    found = buying_chances(np.array([four], dtype=float), np.array([0.7]), np.array([0.3]), np.array(at, dtype=float))
    np.testing.assert_allclose(found[0], expected, atol=1e-12)


def test_answers_without_a_chance_are_missing_and_many_prices_are_thinned():
    np.testing.assert_array_equal(chances_of(np.array([1.0, 3.0, 6.0]), FIVE), [0, 0.3, np.nan])
    assert len(price_grid(np.arange(4000.0).reshape(-1, 4))) == 200
    assert price_grid(np.arange(4000.0).reshape(-1, 4))[[0, -1]].tolist() == [0, 3999]


def test_demand_revenue_and_best_price_equal_hand_computation():
    """Of 40, 36 buy at 10, 24 at 20, 8 at 30: revenue 9, 12 and 6 a head."""
    answers = ladder((8, [1, 1, 1]), (16, [1, 1, 0]), (12, [1, 0, 0]), (4, [0, 0, 0]))
    found = gabor_granger(answers, LADDER, rng=1)
    table = found.to_frame()
    np.testing.assert_allclose(table["demand"], [0.9, 0.6, 0.2])
    np.testing.assert_allclose(table["revenue"], [9, 12, 6])
    assert (found.best, found.reach, found.n_used, found.n_dropped, found.filled) == (20, 10, 40, 0, False)
    assert (table["ci_low"] <= table["demand"]).all() and (table["demand"] <= table["ci_high"]).all()
    assert table["p_best"].sum() == pytest.approx(1)


def test_intervals_of_demand_are_those_of_a_share():
    """A bootstrap share of 200 has the binomial's standard error."""
    answers = ladder((100, [1, 1, 0]), (100, [1, 0, 0]))
    row = gabor_granger(answers, LADDER, bootstrap=4000, rng=1).to_frame().iloc[1]
    half = 1.96 * np.sqrt(0.25 / 200)
    assert row["ci_high"] - row["ci_low"] == pytest.approx(2 * half, rel=0.08)


def test_interviews_that_stop_at_the_first_no_count_whole():
    stopped = ladder((8, [1, 1, 1]), (16, [1, 1, 0]), (12, [1, 0, None]), (4, [0, None, None]))
    found = gabor_granger(stopped, LADDER, rng=1)
    np.testing.assert_allclose(found.to_frame()["demand"], [0.9, 0.6, 0.2])
    assert (found.filled, found.to_frame()["n"].tolist()) == (True, [40, 40, 40])


def test_where_each_was_asked_one_price_each_price_keeps_its_own_respondents():
    alone = ladder(
        *((15, [1, None, None]), (5, [0, None, None])),
        *((10, [None, 1, None]), (10, [None, 0, None]), (4, [None, None, 1]), (16, [None, None, 0])),
    )
    found = gabor_granger(alone, LADDER, rng=1)
    np.testing.assert_allclose(found.to_frame()["demand"], [0.75, 0.5, 0.2])
    assert (found.filled, found.to_frame()["n"].tolist(), found.n_used) == (False, [20, 20, 20], 60)


def test_demand_that_rises_with_the_price_is_pooled():
    alone = ladder((10, [1, None, None]), (10, [0, None, None]), (14, [None, 1, None]), (6, [None, 0, None]))
    found = gabor_granger(alone, LADDER, rng=1)
    np.testing.assert_allclose(found.to_frame()["demand"], [0.6, 0.6])
    assert str(found.warnings[0]) == "Fewer than 5 were asked at '30'."


def test_who_would_buy_only_at_the_higher_price_is_named_and_left_out_unless_kept():
    answers = ladder((15, [1, 1, 0]), (15, [1, 0, 0]))
    answers.loc[30] = [0, 1, 0]
    answers.index = pd.Index([f"r{number}" for number in range(31)], name="id")
    found = gabor_granger(answers, LADDER, rng=1)
    assert (found.n_used, found.n_dropped, found.out_of_order.index.tolist()) == (30, 0, ["r30"])
    kept = gabor_granger(answers, LADDER, out_of_order="keep", rng=1)
    assert (kept.n_used, kept.out_of_order.index.tolist()) == (31, ["r30"])


def test_the_answer_from_which_on_somebody_buys_is_the_codebooks():
    book = Codebook.parse("response = { min = 1, max = 5 }\nprice = { buys_from = 4, ladder = { a = 10, b = 20 } }")
    answers = pd.DataFrame({"a": [5.0] * 10 + [4] * 10 + [3] * 10, "b": [5.0] * 10 + [1] * 20})
    np.testing.assert_allclose(gabor_granger(answers, book, rng=1).to_frame()["demand"], [2 / 3, 1 / 3])


def test_weights_count():
    book = LADDER.edit(weight="w")
    answers = ladder((20, [1, 1, 1]), (20, [0, 0, 0])).assign(w=np.r_[np.full(20, 3.0), np.full(20, 1.0)])
    np.testing.assert_allclose(gabor_granger(answers, book, rng=1).to_frame()["demand"], [0.75] * 3)


def test_nobody_who_would_buy_gives_no_best_price():
    found = gabor_granger(ladder((30, [0, 0, 0])), LADDER, rng=1)
    assert np.isnan([found.best, found.best_low, found.best_high]).all()


def test_too_few_answers_and_no_ladder_are_said():
    with pytest.raises(TooLittleError, match="19 respondents have answers on prices that can be used; 20 are needed"):
        gabor_granger(ladder((19, [1, 1, 0])), LADDER)
    with pytest.raises(TooLittleError, match=r"names no ladder of prices: \[price\] ladder = { item = price, … }"):
        gabor_granger(ladder((30, [1, 1, 0])), Codebook.parse("response = { min = 0, max = 1 }"))
    with pytest.raises(InputError, match="'out_of_order' must be one of 'leave_out', 'keep'; got 'drop'"):
        gabor_granger(ladder((30, [1, 1, 0])), LADDER, out_of_order="drop")
