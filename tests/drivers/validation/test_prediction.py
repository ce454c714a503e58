"""Predictions: R's interval, coverage, levels, new respondents, and who is at risk."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import loyalty_kit as lk
from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def test_prediction_intervals_equal_r(scores, more):
    """R> predict(f, S[1:3, ], interval = "prediction")"""
    found = drivers(scores, errors="classical").predict(scores).head(3)
    assert_allclose(found["predicted"], more["prediction"]["fit"], atol=1e-8)
    assert_allclose(found["ci_low"], more["prediction"]["low"], atol=1e-8)
    assert_allclose(found["ci_high"], more["prediction"]["high"], atol=1e-8)


@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_intervals_hold_the_outcomes_of_new_respondents(shape):
    rng = np.random.default_rng(0)
    noise = {"normal": stats.norm, "skewed": stats.gamma(4)}[shape].rvs(size=4200, random_state=rng)
    data = pd.DataFrame(rng.standard_normal((4200, 3)), columns=list("abc"))
    data["loyalty"] = data.sum(axis=1) + noise
    found = drivers(data.head(200), drivers=list("abc")).predict(data.iloc[200:])
    inside = (found["ci_low"] < data["loyalty"].iloc[200:]) & (data["loyalty"].iloc[200:] < found["ci_high"])
    assert inside.mean() == pytest.approx(0.95, abs=0.02)


def test_predictions_keep_the_index_and_leave_out_who_lacks_an_answer(result, table):
    new = table[NAMES].head(3).set_axis(["c", "a", "b"])
    new.loc["a", "value"] = np.nan
    found = result.predict(new)
    assert found.index.tolist() == ["c", "a", "b"]
    assert found.loc["a"].isna().all()
    assert found.drop(index="a").notna().all(axis=None)


def test_a_wider_level_gives_a_wider_interval(result, table):
    narrow, wide = (result.predict(table, confidence=level) for level in (0.5, 0.99))
    assert (wide["ci_low"] < narrow["ci_low"]).all()
    assert_allclose(wide["predicted"], narrow["predicted"])


def test_controls_count(table):
    found = drivers(table, drivers=["image"], controls=["region"])
    one = found.predict(table.head(1).assign(region="south"))["predicted"].item()
    other = found.predict(table.head(1).assign(region="east"))["predicted"].item()
    coefficient = found.coefficients.set_index("term").loc["region = south", "estimate"]
    assert one - other == pytest.approx(coefficient)


def test_ordered_predictions_are_levels_that_hold_the_outcome(table):
    found = drivers(table, outcome="CUSL3", drivers=NAMES, model="ordered").predict(table)
    assert set(found["ci_low"]) | set(found["ci_high"]) <= set(table["CUSL3"])
    inside = (found["ci_low"] <= table["CUSL3"]) & (table["CUSL3"] <= found["ci_high"])
    assert 0.93 < inside.mean() <= 1
    assert found["predicted"].corr(table["CUSL3"]) > 0.6


def test_logit_predictions_are_probabilities_with_their_own_interval(table):
    found = drivers(table, outcome="returns", drivers=NAMES, model="logit").predict(table)
    assert ((found["ci_low"] > 0) & (found["ci_high"] < 1)).all()
    assert ((found["ci_low"] < found["predicted"]) & (found["predicted"] < found["ci_high"])).all()
    assert found["predicted"].mean() == pytest.approx(table["returns"].mean())


def test_at_risk_are_those_surely_below_the_cut(result, table):
    found = result.at_risk(table, cut=50, probability=0.8)
    assert list(found.columns) == ["predicted", "p_below"]
    assert 0 < len(found) < 50
    assert (found["p_below"] >= 0.8).all()
    assert found["p_below"].is_monotonic_decreasing
    assert (table.loc[found.index, "loyalty"] < 50).mean() > 0.6


def test_at_risk_of_nobody_is_an_empty_table(result, table):
    assert result.at_risk(table, cut=-100).empty


def test_p_below_is_calibrated():
    rng = np.random.default_rng(1)
    data = pd.DataFrame(rng.standard_normal((5000, 2)), columns=list("ab"))
    data["loyalty"] = data["a"] + data["b"] + rng.standard_normal(5000)
    found = drivers(data.head(1000), drivers=["a", "b"]).at_risk(data.iloc[1000:], cut=0, probability=0.01)
    below = data.loc[found.index, "loyalty"] < 0
    groups = below.groupby(pd.cut(found["p_below"], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), observed=True).mean()
    assert_allclose(groups, [0.1, 0.3, 0.5, 0.7, 0.93], atol=0.06)


@pytest.mark.parametrize(("model", "outcome", "cut"), [("ordered", "CUSL3", 6), ("logit", "returns", 0.5)])
def test_at_risk_in_models_of_levels(table, model, outcome, cut):
    found = drivers(table, outcome=outcome, drivers=NAMES, model=model).at_risk(table, cut=cut, probability=0.6)
    assert (table.loc[found.index, outcome] < cut).mean() > 0.6


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda r, t: r.predict(t.drop(columns="value")), "lacks the column 'value'"),
        (lambda r, t: r.predict(t, confidence=95), "'confidence' must be a number between 0 and 1"),
        (lambda r, t: r.at_risk(t, cut=50, probability=80), "'probability' must be a number between 0 and 1"),
        (lambda r, t: r.at_risk(t, cut="low"), "'cut' must be a finite number; got 'low'"),
        (lambda r, t: r.predict(t.assign(value="a")), "must hold numbers in 'value'"),
        (lambda r, t: drivers(t, drivers=["image"], controls=["region"]).predict(t.assign(region="west")),
         "'region' holds 'west', which the model has not seen; it knows 'east', 'north', 'south'"),
    ],
)  # fmt: skip
def test_bad_new_scores_are_refused(result, table, call, sentence):
    with pytest.raises(lk.InputError, match=sentence):
        call(result, table)
