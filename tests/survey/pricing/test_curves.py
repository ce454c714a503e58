"""The four curves and their points: by hand, by counting, and what holds for any prices."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.survey.entries import FOUR
from loyalty_kit.survey.pricing.curves import NARROWER, ORIGINAL, crossing, curves_of, resampled_points

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "prices.json").read_text("utf-8"))
answered = st.lists(st.lists(st.integers(0, 60), min_size=4, max_size=4).map(sorted), min_size=2, max_size=25)


def met(answers: np.ndarray, points: dict[str, tuple[str, str]] = ORIGINAL, weights: np.ndarray | None = None):
    prices = np.unique(answers)
    curves = curves_of(answers, np.ones((1, len(answers))) if weights is None else weights[None, :], prices)
    return {name: crossing(curves[one], curves[other], prices) for name, (one, other) in points.items()}


def prices_of(answers: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    return np.array([one.prices[0] for one in met(answers, weights=weights).values()])


def test_the_curves_equal_the_set_counted_by_hand():
    answers = np.array(REFERENCE["answers"], dtype=float)
    curves = curves_of(answers, np.ones((1, 4)), np.array(REFERENCE["prices"], dtype=float))
    for key in FOUR:
        np.testing.assert_allclose(curves[key][0], REFERENCE["curves"][key])
    np.testing.assert_allclose(curves["not_cheap"], 1 - curves["cheap"])
    np.testing.assert_allclose(curves["not_expensive"], 1 - curves["expensive"])


@pytest.mark.parametrize(("points", "name"), [(ORIGINAL, "original"), (NARROWER, "narrower")])
def test_the_points_equal_the_set_computed_by_hand(points, name):
    """Too cheap falls from .75 to .25 between 20 and 30 while not cheap rises from 0 to .5: they meet at 27.5, .375.

    Too cheap and too expensive are both .25 at 30, cheap and expensive both .5; not expensive falls from .5 to .25
    between 30 and 40 while too expensive rises from .25 to .5: they meet at 35, .375.
    """
    found = met(np.array(REFERENCE["answers"], dtype=float), points)
    assert {key: [one.prices[0], one.heights[0]] for key, one in found.items()} == REFERENCE[name]


@given(answered)
def test_the_curves_are_shares_counted_one_by_one(rows):
    answers = np.array(rows, dtype=float)
    prices = np.unique(answers)
    curves = curves_of(answers, np.ones((1, len(answers))), prices)
    for at, price in enumerate(prices):
        counted = [np.mean(answers[:, 0] >= price), np.mean(answers[:, 1] >= price)]
        counted += [np.mean(answers[:, 2] <= price), np.mean(answers[:, 3] <= price)]
        np.testing.assert_allclose([curves[key][0, at] for key in FOUR], counted, atol=1e-12)


@given(st.lists(st.sets(st.integers(0, 60), min_size=4, max_size=4).map(sorted), min_size=2, max_size=25))
def test_the_points_lie_among_the_prices_and_the_optimum_within_the_range(rows):
    answers = np.array(rows, dtype=float)
    low, optimal, indifference, high = prices_of(answers)
    assert answers.min() <= low <= high <= answers.max()
    assert low - 1e-9 <= optimal <= high + 1e-9
    assert low - 1e-9 <= indifference <= high + 1e-9


@given(answered, st.floats(0.01, 100), st.randoms(use_true_random=False))
def test_the_points_are_in_the_currency_of_the_prices_whatever_the_order_of_respondents(rows, rate, random):
    answers = np.array(rows, dtype=float)
    order = list(range(len(rows)))
    random.shuffle(order)
    np.testing.assert_allclose(prices_of(rate * answers[order]), rate * prices_of(answers), rtol=1e-9, atol=1e-9)


@given(answered)
def test_a_weight_of_two_is_two_respondents(rows):
    answers = np.array(rows, dtype=float)
    weights = np.ones(len(rows))
    weights[0] = 2
    np.testing.assert_allclose(prices_of(answers, weights), prices_of(np.vstack([answers, answers[:1]])), atol=1e-9)


@given(answered)
def test_respondents_of_no_weight_count_for_nothing(rows):
    answers = np.array([*rows, [1.0, 2.0, 58.0, 59.0]], dtype=float)
    curves = curves_of(answers, np.r_[np.ones(len(rows)), 0.0][None, :], np.unique(answers))
    alone = curves_of(answers[:-1], np.ones((1, len(rows))), np.unique(answers))
    np.testing.assert_allclose(curves["too_expensive"], alone["too_expensive"])


def test_curves_that_meet_at_nothing_over_several_prices_are_apart():
    answers = np.array([[10.0, 20, 30, 40], [11, 21, 31, 41]])
    found = met(answers)
    assert (found["optimal"].apart[0], found["optimal"].lows[0], found["optimal"].highs[0]) == (True, 20.0, 31.0)
    # Nobody calls 22 to 29 anything, but only 21 and 30 were named: cheap and expensive cross between these.
    assert not found["indifference"].apart[0]


def test_curves_that_run_together_at_more_than_nothing_meet_in_the_middle():
    falling, rising = np.array([[1.0, 0.4, 0.4, 0.0]]), np.array([[0.0, 0.4, 0.4, 1.0]])
    found = crossing(falling, rising, np.array([10.0, 20.0, 30.0, 40.0]))
    assert (found.prices[0], found.apart[0], found.heights[0]) == (25.0, False, 0.4)


def test_resamples_equal_points_of_samples_drawn_row_by_row():
    rng = np.random.default_rng(4)
    answers = np.sort(rng.integers(5, 60, (40, 4)).astype(float), axis=1)
    drawn = resampled_points(answers, np.ones(40), ORIGINAL, replicates=500, rng=np.random.default_rng(1))
    rows = np.array([told(answers[rng.integers(0, 40, 40)]) for _ in range(500)])
    # Two independent bootstraps of 500: their means and spreads agree within their own Monte Carlo error.
    error = 4 * np.nanstd(drawn, axis=0).max() / np.sqrt(250)
    np.testing.assert_allclose(np.nanmean(drawn, axis=0), np.nanmean(rows, axis=0), atol=error)
    np.testing.assert_allclose(np.nanstd(drawn, axis=0), np.nanstd(rows, axis=0), rtol=0.2)


def told(answers: np.ndarray) -> list[float]:
    return [np.nan if one.apart[0] else one.prices[0] for one in met(answers).values()]
