"""The effect on those who joined: NSW's figures, the naive one beside it, and when it cannot be told."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import loyalty_kit as lk

FOLDER = Path(__file__).parents[1] / "reference/programme"
NAMES = {"member": "joined", "outcome": "spend", "covariates": ["before", "age"]}


def customers(n=3000, hidden=0.0, seed=0):
    """Those who spent more join; joining brings 3; something hidden may drive both."""
    rng = np.random.default_rng(seed)
    before, age, own = rng.gamma(4, 8, n), rng.normal(40, 10, n), rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(-2 + 0.04 * (before - 32) + 0.02 * (age - 40) + hidden * own)))
    joined = (rng.random(n) < chance).astype(int)
    spend = 5 + 0.8 * before + 0.1 * age + 3 * joined + 4 * hidden * own + rng.normal(0, 6, n)
    return pd.DataFrame({"joined": joined, "before": before, "age": age, "spend": spend})


@pytest.mark.parametrize("method", ["entropy", "weighting", "regression"])
def test_the_effect_is_found_that_the_plain_difference_misses(method):
    found = lk.effect_on_members(customers(), **NAMES, method=method)
    assert found.naive > 10 and found.ci_low < 3 < found.ci_high
    assert found.to_frame()["comparison"].tolist() == ["naive", method]
    assert found.balance()["before"].max() > 0.3


def test_members_and_weighted_others_have_the_same_means():
    found = lk.effect_on_members(customers(), **NAMES)
    assert found.balance()["after"].abs().max() < 1e-7
    assert found.verdict == "gain" and 30 < found.effective_others < found.n_others
    assert found.e_value > found.e_value_end > 1


def test_on_nsw_the_effect_on_the_trained_has_the_right_sign_and_that_on_all_has_not():
    """Truth by experiment +1,794; naive −8,498, on all −6,456, on the trained 1,180 to 1,271."""
    table = pd.read_parquet(FOLDER / "nsw_cps.parquet")
    table = table[(table["treat"] == 1) | (table["sample"] == "cps")]
    covariates = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
    found = lk.effect_on_members(table, member="treat", outcome="re78", covariates=covariates)
    assert [found.naive, found.estimate] == pytest.approx([-8497.516, 1270.735], rel=1e-5)
    assert found.verdict == "gain"
    names = {"treated": "treat", "outcome": "re78", "covariates": covariates}
    assert lk.weighted_effect(table, **names).estimate == pytest.approx(-6456, abs=1)
    assert lk.weighted_effect(table, **names, estimand="treated").estimate == pytest.approx(1180.408, rel=1e-5)
    assert lk.effect_on_members(
        table, member="treat", outcome="re78", covariates=covariates, method="regression"
    ).reason == ("extrapolates")


def test_what_has_no_effect_is_not_seen_to_have_one():
    table = customers()
    assert lk.effect_on_members(table.assign(spend=table["before"]), **NAMES | {"covariates": ["age"]}).naive > 5
    flat = table.assign(spend=table["spend"] - 3 * table["joined"])
    assert lk.effect_on_members(flat, **NAMES).verdict == "none"


def test_too_few_others_like_members_and_it_cannot_be_told():
    table = customers(400)
    table.loc[table["joined"] == 1, "before"] += 60
    found = lk.attempt(lk.effect_on_members, table, **NAMES)
    assert isinstance(found, lk.TooLittleError) or found.reason == "few"


def test_other_frames_give_the_same():
    table = customers(600)
    expected = lk.effect_on_members(table, **NAMES)
    found = lk.effect_on_members(pl.from_pandas(table), **NAMES)
    assert found.estimate == pytest.approx(expected.estimate, rel=1e-12)


def test_customers_with_gaps_are_left_out_and_counted():
    table = customers(600)
    table.loc[:9, "age"] = np.nan
    found = lk.effect_on_members(table, **NAMES)
    assert (found.n_used, found.n_dropped) == (590, 10)
    assert found.warnings[1] == "10 customers with a value missing are left out."


def test_wrong_input_is_refused():
    table = customers(200)
    with pytest.raises(lk.InputError, match="'age' must hold 0 and 1, and both: who is a member"):
        lk.effect_on_members(table, **NAMES | {"member": "age", "covariates": ["before"]})
    with pytest.raises(lk.InputError, match="Covariate 'flat' is the same for every customer"):
        lk.effect_on_members(table.assign(flat=1), **NAMES | {"covariates": ["flat"]})
    with pytest.raises(lk.InputError, match="'covariates' must name one or more"):
        lk.effect_on_members(table, **NAMES | {"covariates": []})
    with pytest.raises(lk.InputError, match="Column 'age' holds text"):
        lk.effect_on_members(table.assign(age="forty"), **NAMES)
    with pytest.raises(lk.TooLittleError, match="too few members or others"):
        lk.effect_on_members(table.assign(joined=[1, 1, *[0] * 198]), **NAMES)
    with pytest.raises(lk.TooLittleError, match="apart without error"):
        lk.effect_on_members(table, **NAMES | {"covariates": ["joined"]}, method="weighting")
    with pytest.raises(lk.InputError, match="'method' must be one of"):
        lk.effect_on_members(table, **NAMES, method="matching")
