"""Not randomised: equality with regressions, recovery of a known effect, and the word that it is weaker."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from loyalty_kit.campaigns.observational import WEAKER, difference_in_differences, weighted_effect
from loyalty_kit.core.errors import InputError

PANEL = {"customer": "id", "treated": "treated", "period": "month", "outcome": "spend", "start": 4}


def panel(lean: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """200 customers over six months, treated ones spend 10 more throughout and 2 more from month 4 on."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"id": np.repeat(np.arange(200), 6), "month": np.tile(np.arange(1, 7), 200)})
    frame["treated"] = (frame["id"] < 80).astype(int)
    own = rng.normal(size=200)[frame["id"]]
    after = (frame["month"] >= 4) & (frame["treated"] == 1)
    trend = frame["month"] * (1 + lean * frame["treated"])
    frame["spend"] = own + trend + 10 * frame["treated"] + 2 * after + rng.normal(size=len(frame))
    return frame


@pytest.fixture
def chosen():
    """2,000 customers; who is treated leans on age and spend before; treatment is worth 2."""
    rng = np.random.default_rng(1)
    age, before = rng.normal(45, 12, 2000), rng.gamma(2, 10, 2000)
    treated = (rng.random(2000) < 1 / (1 + np.exp(-(0.03 * (age - 45) + 0.04 * (before - 20))))).astype(int)
    spend = 0.5 * before + 0.1 * age + 2 * treated + rng.normal(0, 3, 2000)
    return pd.DataFrame({"treated": treated, "age": age, "before": before, "spend": spend})


def test_difference_in_differences_equals_two_way_regression():
    """statsmodels: OLS(spend ~ treated * after), errors by customer; a balanced panel gives one estimate."""
    data = panel()
    after = (data["month"] >= 4).astype(float)
    design = np.column_stack([np.ones(len(data)), data["treated"], after, data["treated"] * after])
    fit = sm.OLS(data["spend"], design).fit(cov_type="cluster", cov_kwds={"groups": data["id"]})
    found = difference_in_differences(data, **PANEL)
    assert found.estimate == pytest.approx(fit.params.iloc[3], abs=1e-9)
    assert (found.ci_high - found.ci_low) / 2 / 1.97 == pytest.approx(fit.bse.iloc[3], rel=0.02)


def test_difference_in_differences_recovers_the_effect():
    found = [difference_in_differences(panel(seed=seed), **PANEL) for seed in range(100)]
    assert np.mean([result.estimate for result in found]) == pytest.approx(2, abs=3 * 0.118 / 10)
    assert sum(result.ci_low <= 2 <= result.ci_high for result in found) >= 88


def test_trends_that_part_before_the_start_are_told():
    parallel, leaning = difference_in_differences(panel(), **PANEL), difference_in_differences(panel(0.5), **PANEL)
    assert parallel.check_p_value > 0.05
    assert leaning.check_p_value < 0.001
    assert "moved apart before the start" in leaning.warnings[1]


def test_a_single_period_before_leaves_trends_unchecked():
    found = difference_in_differences(panel().query("month >= 3"), **PANEL)
    assert found.warnings[1] == "With a single period before, parallel trends cannot be checked."


def test_weighting_recovers_the_effect_that_the_plain_difference_misses(chosen):
    plain = chosen.groupby("treated")["spend"].mean().diff().iloc[1]
    found = weighted_effect(chosen, treated="treated", outcome="spend", covariates=["age", "before"])
    assert plain > 4
    assert found.ci_low < 2 < found.ci_high


def test_weights_are_those_of_the_logistic_regression(chosen):
    """statsmodels: Logit(treated, [1, age, before]).fit().predict(); Hájek means by hand."""
    e = sm.Logit(chosen["treated"], sm.add_constant(chosen[["age", "before"]])).fit(disp=0).predict()
    t, y = chosen["treated"], chosen["spend"]
    by_hand = np.average(y, weights=t / e) - np.average(y, weights=(1 - t) / (1 - e))
    found = weighted_effect(chosen, treated="treated", outcome="spend", covariates=["age", "before"])
    assert found.estimate == pytest.approx(by_hand, abs=1e-6)


@pytest.mark.slow
def test_the_weighted_interval_covers_the_effect():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        x = rng.normal(size=600)
        treated = (rng.random(600) < 1 / (1 + np.exp(-0.7 * x))).astype(int)
        frame = pd.DataFrame({"x": x, "treated": treated, "y": 2 * x + treated + rng.normal(size=600)})
        found = weighted_effect(frame, treated="treated", outcome="y", covariates=["x"])
        covered += found.ci_low <= 1 <= found.ci_high
    assert covered / 400 == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / 400))


def test_poor_overlap_is_told(chosen):
    chosen["treated"] = (chosen["before"] + np.random.default_rng(0).normal(0, 4, 2000) > 18).astype(int)
    found = weighted_effect(chosen, treated="treated", outcome="spend", covariates=["before"])
    assert "have hardly any counterpart" in found.warnings[1]
    assert list(found.check.columns) == ["group", "low", "median", "high", "outside", "effective_n"]


def test_both_say_in_words_that_they_are_weaker(chosen):
    weighted = weighted_effect(chosen, treated="treated", outcome="spend", covariates=["age"])
    assert weighted.warnings[0] == difference_in_differences(panel(), **PANEL).warnings[0] == WEAKER


def test_wrong_input_is_refused(chosen):
    with pytest.raises(InputError, match="tell treated and others apart without error"):
        weighted_effect(
            chosen.assign(spend2=chosen["treated"]), treated="treated", outcome="spend", covariates=["spend2"]
        )
    with pytest.raises(InputError, match="'age' must hold 0 and 1, and both"):
        weighted_effect(chosen, treated="age", outcome="spend", covariates=["before"])
    with pytest.raises(InputError, match="A customer changes group in 'treated'"):
        data = panel()
        data.loc[0, "treated"] = 0
        difference_in_differences(data, **PANEL)
    with pytest.raises(InputError, match="Each group needs two customers with periods before and after '9'"):
        difference_in_differences(panel(), **{**PANEL, "start": 9})


@pytest.mark.parametrize(
    ("named", "start"),
    [
        (lambda month: f"W{month + 7}", "W11"),
        (lambda month: pd.Timestamp(2026, month, 1), "2026-04-01"),
        (lambda month: f"2026/{month}/1", "2026/4/1"),
        (lambda month: ["Nov", "Dec", "Jan", "Feb", "Mar", "Apr"][month - 1], "Feb"),
        (lambda month: month / 1.0, 3.5),
    ],
    ids=["numbered labels", "dates", "dates as text", "months over new year", "a number between two"],
)
def test_periods_stand_in_the_order_of_time_however_they_are_written(named, start):
    """The same panel under other names of its months has the same effect, trend and order of periods."""
    data, expected = panel(lean=0.3), difference_in_differences(panel(lean=0.3), **PANEL)
    renamed = data.assign(month=data["month"].map(named))
    found = difference_in_differences(renamed, **{**PANEL, "start": start})
    assert found.estimate == pytest.approx(expected.estimate)
    assert found.check_p_value == pytest.approx(expected.check_p_value)
    assert found.check["mean"].tolist() == pytest.approx(expected.check["mean"].tolist())
    assert found.check["period"].tolist() == [named(month) for month in range(1, 7)] * 2


def test_an_ordered_category_keeps_its_order_and_many_times_are_binned_but_parted_to_the_moment():
    data = panel()
    words = ["first", "then", "again", "late", "later", "last"]
    named = data["month"].map(dict(enumerate(words, start=1))).astype(pd.CategoricalDtype(words, ordered=True))
    found = difference_in_differences(data.assign(month=named), **{**PANEL, "start": "late"})
    assert found.estimate == pytest.approx(difference_in_differences(data, **PANEL).estimate)
    hours = pd.to_timedelta(np.arange(len(data)) % 700, unit="h")
    times = pd.to_datetime("2026-01-01") + pd.to_timedelta(31 * (data["month"] - 1), unit="D") + hours
    found = difference_in_differences(data.assign(month=times), **{**PANEL, "start": "2026-04-04"})
    assert found.estimate == pytest.approx(difference_in_differences(data, **PANEL).estimate)
    assert len(found.check) <= 200
    assert any("holds many times; they are read by" in text for text in found.warnings)


def test_gaps_are_said_and_a_start_that_is_no_period_is_refused():
    data = panel()
    week = pd.to_timedelta(7 * (data["month"] - 1), unit="D")
    data = data.assign(month=pd.to_datetime("2026-01-01") + week)[data["month"] != 3]
    found = difference_in_differences(data, **{**PANEL, "start": "2026-01-22"})
    assert any("has 1 gaps in which nobody entered" in text for text in found.warnings)
    with pytest.raises(InputError, match="No period of 'month' is 'soon'; name the first after the treatment"):
        difference_in_differences(data, **{**PANEL, "start": "soon"})
