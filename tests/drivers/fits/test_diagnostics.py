"""Assumptions and single respondents: lmtest's and R's figures, and that each test sees its own fault."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from loyalty_kit.drivers.regression import drivers

NAMES = ["image", "expectation", "quality", "value", "satisfaction", "complaints"]


def planted(**columns) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.standard_normal(400)
    return pd.DataFrame({"x": x, "z": rng.standard_normal(400), "e": rng.standard_normal(400)}).assign(**columns)


def p_value(result, test: str) -> float:
    return result.diagnostics.loc[test, "p_value"]


def test_breusch_pagan_equals_r(result, reference):
    """R> bptest(f)   # lmtest 0.9-40"""
    row = result.diagnostics.loc["breusch_pagan"]
    assert row["statistic"] == pytest.approx(reference["breusch_pagan"], abs=1e-6)
    assert row["p_value"] == pytest.approx(reference["breusch_pagan_p"], abs=1e-6)


def test_reset_equals_r(scores, more):
    """R> resettest(f, 2:3, "fitted")   # lmtest 0.9-40, classical errors"""
    row = drivers(scores, errors="classical").diagnostics.loc["reset"]
    assert row["statistic"] == pytest.approx(more["reset"]["statistic"], abs=1e-6)
    assert row["p_value"] == pytest.approx(more["reset"]["p"], abs=1e-6)


def test_normality_is_jarque_and_beras(result):
    found = stats.jarque_bera(result.design.y - result.fitted.fitted)
    assert_allclose(result.diagnostics.loc["normality", ["statistic", "p_value"]], found, rtol=1e-9)


def test_unequal_spread_is_seen_and_told_under_classical_errors():
    data = planted()
    data["loyalty"] = data["x"] + data["e"] * np.exp(data["x"])
    found = drivers(data, drivers=["x", "z"], errors="classical")
    assert p_value(found, "breusch_pagan") < 1e-4
    assert any("classical errors mislead" in text for text in found.warnings)
    assert not any("classical errors mislead" in text for text in drivers(data, drivers=["x", "z"]).warnings)


def test_a_bent_relation_is_seen_and_told():
    data = planted()
    data["loyalty"] = data["x"] + 0.5 * data["x"] ** 2 + data["e"]
    found = drivers(data, drivers=["x", "z"])
    assert p_value(found, "reset") < 1e-4
    assert any("Straight lines" in text for text in found.warnings)


def test_skewed_residuals_are_seen():
    data = planted()
    data["loyalty"] = data["x"] + np.exp(data["e"])
    assert p_value(drivers(data, drivers=["x", "z"]), "normality") < 1e-4


def test_a_sound_model_raises_no_alarm():
    data = planted()
    data["loyalty"] = data["x"] + data["e"]
    found = drivers(data, drivers=["x", "z"])
    assert found.warnings == ()
    assert (found.diagnostics["p_value"] > 0.05).all()


def test_collinear_drivers_are_named():
    data = planted()
    data["loyalty"] = data["x"] + data["e"]
    found = drivers(data.assign(again=data["x"] + 0.05 * data["z"]), drivers=["x", "again"])
    assert any("'again' can hardly be told apart" in text for text in found.warnings)


def test_cooks_distance_and_leverage_equal_r(scores, more):
    """R> cooks.distance(f)[1:5]; hatvalues(f)[1:5]"""
    found = drivers(scores, errors="classical").influence().head()
    assert_allclose(found["cooks_distance"], more["influence"]["cooks"], atol=1e-9)
    assert_allclose(found["leverage"], more["influence"]["leverage"], atol=1e-9)


def test_shift_of_the_coefficients_is_that_of_leaving_the_respondent_out(result, more):
    """R> coef(f) - coef(update(f, subset = -1))"""
    shift = np.array(more["influence"]["shift"]) / result.to_frame()["std_error"]
    first = result.influence().iloc[0]
    assert first["largest_shift"] == pytest.approx(np.abs(shift).max(), abs=1e-9)
    assert first["driver"] == NAMES[int(np.abs(shift).argmax())]


@pytest.mark.parametrize("model", ["ordered", "logit"])
def test_shift_is_near_that_of_a_new_fit_where_levels_are_fitted(table, model):
    outcome = {"ordered": "CUSL3", "logit": "returns"}[model]
    whole = drivers(table, outcome=outcome, drivers=NAMES, model=model)
    most = int(whole.influence()["largest_shift"].to_numpy().argmax())
    without = drivers(table.drop(index=most), outcome=outcome, drivers=NAMES, model=model)
    moved = np.abs(whole.to_frame()["estimate"] - without.to_frame()["estimate"]) / whole.to_frame()["std_error"]
    assert whole.influence().loc[most, "largest_shift"] == pytest.approx(moved.max(), rel=0.15)


def test_an_influential_respondent_is_counted_and_not_named():
    data = planted()
    data["loyalty"] = data["x"] + data["e"]
    data.loc[0, ["x", "loyalty"]] = 10.0, -20.0
    found = drivers(data.rename(index={0: "Zhang Wei"}), drivers=["x", "z"])
    assert found.n_influential == 1
    assert bool(found.influence().loc["Zhang Wei", "influential"])
    assert not any("Zhang" in text for text in found.warnings)


def test_a_model_of_levels_has_no_diagnostics_of_a_linear_one(table):
    assert drivers(table, outcome="CUSL3", drivers=NAMES, model="ordered").diagnostics.empty
