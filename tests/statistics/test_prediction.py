"""Judging risks against pROC and R's glm, and what must hold for any risks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from statsmodels.discrete.discrete_model import Logit

import loyalty_kit as lk
from loyalty_kit.statistics.prediction import auc, brier, by_tenths, calibration, logistic, top_lift

FOLDER = Path(__file__).parents[1] / "reference/customers"
KNOWN = json.loads((FOLDER / "churn.json").read_text("utf-8"))
FEATURES = ["recency", "tenure", "log_days", "log_amount"]


@pytest.fixture(scope="module")
def fitted():
    rows = pd.read_csv(FOLDER / "online_retail_churn.csv")
    train, test = rows[rows["fold"] > 0], rows[rows["fold"] == 0]
    design = [np.column_stack([np.ones(len(part)), part[FEATURES]]) for part in (train, test)]
    model = logistic(design[0], train["churned"].to_numpy(dtype=float))
    risk = special.expit(design[1] @ model.coefficients)
    other = Logit(train["churned"].to_numpy(), design[0]).fit(disp=0, tol=1e-12, method="newton")
    assert np.sqrt(np.diag(model.covariance)) == pytest.approx(other.bse, rel=1e-6)
    return model, test["churned"].to_numpy(dtype=float), risk, float(train["churned"].mean())


def test_the_regression_equals_glm(fitted):
    """R 4.2.2 glm, binomial (surv.R); its errors are those of the step before the last, hence to 2e-6."""
    assert fitted[0].coefficients == pytest.approx(list(KNOWN["coef"].values()), rel=1e-6)
    assert np.sqrt(np.diag(fitted[0].covariance)) == pytest.approx(list(KNOWN["se"].values()), abs=2e-6, rel=0)
    assert fitted[0].deviance == pytest.approx(KNOWN["deviance"], rel=1e-9)


def test_the_area_and_its_interval_equal_proc(fitted):
    """R> ci.auc(roc(y, p), method = "delong")   # pROC 1.18.0"""
    found = auc(fitted[1], fitted[2])
    assert found == pytest.approx([KNOWN["auc"], *KNOWN["auc_delong_95"]], abs=1e-8)


def test_accuracy_calibration_and_lift_equal_r(fitted):
    _, outcome, risk, base = fitted
    assert brier(outcome, risk) == pytest.approx(KNOWN["brier"], abs=1e-8)
    assert brier(outcome, np.full(len(outcome), base)) == pytest.approx(KNOWN["brier_of_base_rate"], abs=1e-8)
    found = calibration(outcome, risk)
    assert found.slope == pytest.approx(KNOWN["calibration_slope"], abs=1e-6)
    assert found.intercept == pytest.approx(KNOWN["calibration_in_the_large"], abs=1e-6)
    assert top_lift(outcome, risk) == pytest.approx(KNOWN["lift_top_decile"], abs=1e-8)


def test_tenths_equal_r(fitted):
    found = by_tenths(fitted[1], fitted[2])
    known = pd.DataFrame(KNOWN["deciles"])
    assert found["n"].tolist() == known["n"].tolist()
    assert found[["predicted", "observed"]].to_numpy() == pytest.approx(known[["predicted", "observed"]].to_numpy())


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=12, max_size=60), st.integers(0, 10_000))
def test_the_order_of_rows_says_nothing_and_the_area_counts_pairs(rows, seed):
    outcome, risk = np.array(rows, dtype=float).T
    risk = risk / 10
    if min(outcome.sum(), (1 - outcome).sum()) < 2:
        return
    mixed = np.random.default_rng(seed).permutation(len(risk))
    pairs = np.subtract.outer(risk[outcome == 1], risk[outcome == 0])
    assert auc(outcome, risk).auc == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    for one in (by_tenths, top_lift, auc):
        first, second = one(outcome, risk), one(outcome[mixed], risk[mixed])
        assert np.asarray(first) == pytest.approx(np.asarray(second), nan_ok=True)
    table = by_tenths(outcome, risk)
    assert (table["observed"] * table["n"]).sum() == pytest.approx(outcome.sum())


def test_columns_that_tell_the_outcome_have_no_estimates():
    outcome = np.repeat([0.0, 1.0], 20)
    with pytest.raises(lk.TooLittleError, match="no estimates"):
        logistic(np.column_stack([np.ones(40), outcome]), outcome)
    with pytest.raises(lk.TooLittleError, match="no estimates"):
        logistic(np.ones((40, 2)), np.tile([0.0, 1.0], 20))


def test_risks_that_are_all_equal_have_no_slope():
    outcome = np.tile([0.0, 1.0, 1.0], 30)
    found = calibration(outcome, np.full(90, 0.5))
    assert np.isnan(found.slope)
    assert found.intercept == pytest.approx(np.log(2), abs=1e-6)


def test_one_kind_of_outcome_judges_nothing():
    with pytest.raises(lk.TooLittleError, match="Of 9 outcomes 0 are events"):
        auc(np.zeros(9), np.linspace(0, 1, 9))
    with pytest.raises(lk.InputError, match="of one length"):
        auc(np.zeros(9), np.zeros(8))
    with pytest.raises(lk.InputError, match="must hold 0 and 1"):
        brier(np.full(3, 2.0), np.zeros(3))
