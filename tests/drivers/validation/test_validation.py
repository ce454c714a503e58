"""Cross-validation: a direct computation, an empty model, whole clusters, levels."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from statsmodels.regression.linear_model import OLS

import loyalty_kit as lk
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def test_leaving_one_out_equals_press(result):
    """As many folds as respondents: R² against the mean of the others, PRESS against that of all."""
    found = result.validate(folds=250, repeats=1)
    n = result.n_used
    baseline = (n / (n - 1)) ** 2
    assert 1 - (1 - found.r_squared) * baseline == pytest.approx(result.press_r_squared, abs=1e-10)


def test_one_division_equals_a_direct_computation(table, result):
    found = result.validate(folds=5, repeats=1, rng=3)
    fold = np.random.default_rng(3).permutation(np.arange(250) % 5)
    x, y = np.column_stack([np.ones(250), table[NAMES]]), table["loyalty"].to_numpy()
    predicted, mean = np.empty(250), np.empty(250)
    for k in range(5):
        predicted[fold == k] = x[fold == k] @ OLS(y[fold != k], x[fold != k]).fit().params
        mean[fold == k] = y[fold != k].mean()
    assert found.rmse == pytest.approx(np.sqrt(((y - predicted) ** 2).mean()), rel=1e-10)
    assert found.r_squared == pytest.approx(1 - ((y - predicted) ** 2).sum() / ((y - mean) ** 2).sum(), rel=1e-10)


def test_out_of_sample_is_below_in_sample(result):
    found = result.validate(repeats=5)
    assert found.r_squared < found.r_squared_in_sample == pytest.approx(result.r_squared)
    assert found.rmse < found.baseline_rmse
    frame = found.to_frame().set_index("measure")
    assert frame.loc["r_squared", "ci_low"] < found.r_squared < frame.loc["r_squared", "ci_high"]


def test_drivers_without_any_effect_do_not_beat_the_mean():
    data = pd.DataFrame(np.random.default_rng(0).standard_normal((80, 6)), columns=[*"abcde", "loyalty"])
    found = drivers(data, drivers=list("abcde")).validate(repeats=5)
    assert found.r_squared < 0 < found.r_squared_in_sample
    assert found.to_frame().set_index("measure").loc["r_squared", "ci_low"] < 0


def test_the_population_value_lies_in_the_interval():
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.standard_normal((400, 3)), columns=list("abc"))
    data["loyalty"] = data.sum(axis=1) + np.sqrt(3) * rng.standard_normal(400)
    row = drivers(data, drivers=list("abc")).validate(repeats=5).to_frame().set_index("measure").loc["r_squared"]
    assert row["ci_low"] < 0.5 < row["ci_high"]
    assert row["ci_high"] - row["ci_low"] < 0.2


def test_clusters_stay_together():
    """Rows of a cluster are copies: with its copies left in, a left-out row would be known."""
    rng = np.random.default_rng(0)
    once = pd.DataFrame(rng.standard_normal((30, 11)), columns=[*"abcdefghij", "loyalty"])
    copies = pd.concat([once] * 4, ignore_index=True).assign(who=np.tile(np.arange(30), 4))
    split = drivers(copies, drivers=list("abcdefghij")).validate(repeats=3).r_squared
    together = (
        drivers(copies, drivers=list("abcdefghij"), errors="cluster", cluster="who").validate(repeats=3).r_squared
    )
    assert together < 0 < split


def test_weights_count(table):
    plain, weighted = drivers(table, drivers=NAMES), drivers(table, drivers=NAMES, weight="w")
    assert plain.validate(repeats=2).rmse != weighted.validate(repeats=2).rmse


@pytest.mark.parametrize(("model", "outcome"), [("ordered", "CUSL3"), ("logit", "returns")])
def test_levels_are_predicted_by_their_expected_value(table, model, outcome):
    found = drivers(table, outcome=outcome, drivers=NAMES, model=model).validate(repeats=2)
    assert 0 < found.r_squared < found.r_squared_in_sample < 1


def test_the_same_seed_gives_the_same_answer(result):
    assert_allclose(result.validate(repeats=2, rng=5).per_repeat, result.validate(repeats=2, rng=5).per_repeat)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"folds": 1}, "'folds' must be a whole number of at least 2; got 1"),
        ({"folds": 251}, "'folds' may be at most the 250 respondents used; got 251"),
        ({"repeats": 0}, "'repeats' must be a whole number of at least 1"),
    ],
)
def test_bad_options_are_refused(result, options, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        result.validate(**options)
