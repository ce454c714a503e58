"""Groups whose answers are not normal or have gaps: lavaan's MLR and FIML, with scaled difference tests."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.invariance.invariance import invariance

REFERENCE = Path(__file__).parents[2] / "reference"
HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
TWO = {"agree": [f"A{i}" for i in range(1, 6)], "neuroticism": [f"N{i}" for i in range(1, 6)]}
CASES = {
    "holzinger_mlr": ("mlr", "listwise"),
    "holzinger_fiml": ("ml", "fiml"),
    "holzinger_fiml_mlr": ("mlr", "fiml"),
    "bfi_fiml_mlr": ("mlr", "fiml"),
}
NAMES = {
    "chi2": "chisq", "df": "df", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "srmr": "srmr", "bic": "bic",
    "scaling_factor": "chisq.scaling.factor", "chi2_scaled": "chisq.scaled", "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled", "rmsea_scaled": "rmsea.scaled", "rmsea_scaled_low": "rmsea.ci.lower.scaled",
    "rmsea_scaled_high": "rmsea.ci.upper.scaled", "cfi_robust": "cfi.robust", "tli_robust": "tli.robust",
    "rmsea_robust": "rmsea.robust", "rmsea_robust_low": "rmsea.ci.lower.robust",
    "rmsea_robust_high": "rmsea.ci.upper.robust",
}  # fmt: skip
WIDE = {"cfi_fall": 0.9, "rmsea_rise": 0.9}


def answers(case: str) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Data of a case, with the gaps of groups.R, and its scales."""
    if case.startswith("bfi"):
        return pd.read_csv(REFERENCE / "bfi.csv"), TWO
    pupils = pd.read_csv(REFERENCE / "holzinger1939.csv")
    for j in range(9 * ("fiml" in case)):
        pupils.iloc[j :: 10 + j, j] = np.nan
    return pupils, HOLZINGER


@pytest.fixture(scope="module", params=CASES)
def compared(request):
    """Result under a rule so wide that every level holds in full, and lavaan's figures."""
    estimator, missing = CASES[request.param]
    given = {"group": "group", "estimator": estimator, "missing": missing, **WIDE}
    figures = json.loads((REFERENCE / "groups.json").read_text())[request.param]
    return invariance(*answers(request.param), **given), figures


def test_every_level_equals_lavaan(compared):
    """R> cfa(model, data, group = "group", std.lv = TRUE, estimator = "MLR", missing = "fiml", group.equal = …)"""
    result, expected = compared
    table, seen = result.to_frame().set_index("level"), set()
    for level, figures in expected["fit"].items():
        for name, own in NAMES.items():
            if name in table and isinstance(figures.get(own), int | float):
                atol = 1e-2 if name in {"chi2", "chi2_scaled", "bic"} else 1e-4
                assert_allclose(table.loc[level, name], figures[own], atol=atol, err_msg=f"{level} {name}")
                seen.add(name)
    assert {"chi2", "df", "cfi", "tli", "rmsea", "srmr", "bic"} <= seen
    assert ("chi2_scaled" in seen) == ("chisq.scaled" in expected["fit"]["metric"])


def test_differences_between_levels_are_scaled_as_lavaan_does(compared):
    """R> lavTestLRT(freer, tighter)   # method = "satorra.bentler.2001", lavaan 0.6-14"""
    result, expected = compared
    table = result.to_frame().set_index("level")
    for level, change in expected["change"].items():
        assert_allclose(table.loc[level, "chi2_change"], change["chi2"], atol=1e-2, err_msg=level)
        assert table.loc[level, "df_change"] == change["df"]
        assert_allclose(table.loc[level, "p_change"], change["p"], atol=1e-4, err_msg=level)


def test_latent_means_and_their_errors_equal_lavaan(compared):
    """R> parameterEstimates(fit_scalar): robust errors under MLR, observed information under FIML"""
    result, expected = compared
    later = result.latent_means[result.latent_means["std_error"].notna()]
    assert_allclose(later["estimate"], expected["means"]["estimate"], atol=1e-4)
    assert_allclose(later["std_error"], expected["means"]["std_error"], atol=1e-4)


def test_the_page_says_by_what_estimator_groups_were_compared():
    pupils, scales = answers("holzinger")
    plain, robust = (invariance(pupils, scales, group="group", estimator=e).method for e in ("ml", "mlr"))
    assert plain.startswith("Estimated by maximum likelihood. A level holds where")
    assert robust.startswith("Estimated by maximum likelihood with robust errors and scaled test (MLR). A level holds")


def test_respondents_with_gaps_count_under_fiml_and_are_dropped_else():
    pupils, scales = answers("holzinger_fiml")
    whole = invariance(pupils, scales, group="group", missing="fiml")
    listwise = invariance(pupils, scales, group="group")
    assert (whole.n_used, whole.n_dropped) == (301, 0)
    assert listwise.n_dropped == pupils.isna().any(axis=1).sum()


def test_the_robust_score_test_is_near_the_plain_one_for_normal_answers():
    """With normal answers both estimate the same chi²: scores of one survey of 4,000 differ by a few percent."""
    rng = np.random.default_rng(5)
    given = rng.normal(size=(4000, 2)).repeat(4, axis=1) + rng.normal(size=(4000, 8))
    responses = pd.DataFrame(given, columns=list("abcdefgh")).assign(half=np.resize(["x", "y"], 4000))
    responses.loc[responses["half"] == "y", "b"] += 0.7
    tables = [
        invariance(responses, {"s": list("abcd"), "t": list("efgh")}, group="half", estimator=e).items.set_index("item")
        for e in ("ml", "mlr")
    ]
    assert list(tables[0].index[:1]) == list(tables[1].index[:1]) == ["b"]
    both = pd.concat([table["score"].rename(i) for i, table in enumerate(tables)], axis=1)
    assert_allclose(both[1], both[0], rtol=0.1, atol=1.0)


@pytest.mark.parametrize(("estimator", "missing"), [("wls", "listwise"), ("wlsmv", "fiml"), ("ml", "pairwise")])
def test_an_estimator_that_is_not_built_is_refused_by_name(estimator, missing):
    with pytest.raises(InputError, match=missing if estimator == "ml" else estimator):
        invariance(*answers("holzinger"), group="group", estimator=estimator, missing=missing)


def test_levels_that_have_no_estimates_carry_no_figures_but_their_degrees_of_freedom():
    rng = np.random.default_rng(4)
    noise = pd.DataFrame(rng.normal(size=(60, 6)), columns=list("abcdef")).assign(half=["x", "y"] * 30)
    result = invariance(noise, {"s": list("abc"), "t": list("def")}, group="half", estimator="mlr")
    unsound = result.levels[result.levels["chi2"].isna()]
    assert len(unsound) and result.obstacle
    assert unsound[["cfi", "rmsea", "chi2_scaled", "cfi_change", "p_change"]].isna().all(axis=None)
    assert unsound["df"].gt(0).all() and unsound["holds"].isna().all()
