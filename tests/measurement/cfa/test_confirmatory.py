"""Confirmatory factor analysis: lavaan's figures by every estimator, and sentences where the answers carry no model."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from surveys import simulate, surveys

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import CfaResult, cfa
from loyalty_kit.survey.codebook import Codebook

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "tests/reference"
SETS = {"bfi": "bfi", "holzinger": "holzinger1939", "ecsi": "ecsi_mobile"}
HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
NAMES = {
    "chi2": "chisq", "df": "df", "p_value": "pvalue", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea",
    "rmsea_low": "rmsea.ci.lower", "rmsea_high": "rmsea.ci.upper", "rmsea_p_close": "rmsea.pvalue", "srmr": "srmr",
    "aic": "aic", "bic": "bic", "loglik": "logl", "baseline_chi2": "baseline.chisq", "baseline_df": "baseline.df",
    "parameters": "npar", "scaling_factor": "chisq.scaling.factor", "chi2_scaled": "chisq.scaled",
    "df_scaled": "df.scaled", "p_value_scaled": "pvalue.scaled", "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled", "rmsea_scaled": "rmsea.scaled", "rmsea_scaled_low": "rmsea.ci.lower.scaled",
    "rmsea_scaled_high": "rmsea.ci.upper.scaled", "cfi_robust": "cfi.robust", "tli_robust": "tli.robust",
    "rmsea_robust": "rmsea.robust", "rmsea_robust_low": "rmsea.ci.lower.robust",
    "rmsea_robust_high": "rmsea.ci.upper.robust",
}  # fmt: skip
ROBUST = ["cfi_robust", "tli_robust", "rmsea_robust", "rmsea_robust_low", "rmsea_robust_high"]


@pytest.fixture(scope="module")
def figures() -> dict:
    """Lavaan's figures by data set: measurement.R, and under 'more' those of confirmatory.R."""
    read = {name: json.loads((REFERENCE / f"{file}.json").read_text()) for name, file in SETS.items()}
    return read | {"more": json.loads((REFERENCE / "confirmatory.json").read_text())}


def scales_of(figures: dict) -> dict[str, list[str]]:
    """Scales and items of a lavaan model."""
    lines = (line.split(" =~ ") for line in figures["model"].split("\n"))
    return {scale: items.split(" + ") for scale, items in lines}


@pytest.fixture(scope="module")
def fitted(figures, _frames):
    """Results by data set and estimator, each estimated once."""
    kept: dict[tuple[str, str], CfaResult] = {}

    def fit(name: str, estimator: str) -> CfaResult:
        if (name, estimator) not in kept:
            kind = {"fiml": {"missing": "fiml"}}.get(estimator, {"estimator": estimator})
            kept[name, estimator] = cfa(_frames[name], scales_of(figures[name]), **kind)
        return kept[name, estimator]

    return fit


def assert_fit(result: CfaResult, expected: dict, atol: float, names: list[str]) -> None:
    for name in names:
        assert_allclose(result.fit[name], expected[NAMES[name]], atol=atol, err_msg=name)


def by_item(result: CfaResult, column: str, expected: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    series = result.loadings.set_index("item")[column]
    return series.to_numpy(), pd.Series(expected)[series.index].to_numpy()


@pytest.mark.parametrize("name", SETS)
def test_ml_chi_square_equals_lavaan(fitted, figures, name):
    """R> fitMeasures(cfa(model, data, std.lv = TRUE), c("chisq", "logl", "aic", "bic"))   # lavaan 0.6-14"""
    names = ["chi2", "df", "p_value", "loglik", "aic", "bic", "baseline_chi2", "baseline_df", "parameters"]
    assert_fit(fitted(name, "ml"), figures[name]["cfa_ml"]["fit"], 1e-3, names)


@pytest.mark.parametrize("name", SETS)
def test_ml_fit_indices_equal_lavaan(fitted, figures, name):
    """R> fitMeasures(cfa(model, data, std.lv = TRUE), c("cfi", "tli", "rmsea", "srmr"))   # lavaan 0.6-14"""
    names = ["cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr"]
    assert_fit(fitted(name, "ml"), figures[name]["cfa_ml"]["fit"], 1e-4, names)


@pytest.mark.parametrize(
    ("column", "figure"),
    [
        ("estimate", "loadings_unstd_stdlv"),
        ("std_error", "loadings_unstd_se"),
        ("standardized", "loadings_std"),
        ("standardized_error", "loadings_std_se"),
    ],
)
@pytest.mark.parametrize("estimator", ["ml", "mlr"])
@pytest.mark.parametrize("name", SETS)
def test_loadings_and_their_errors_equal_lavaan(fitted, figures, name, estimator, column, figure):
    """R> parameterEstimates(fit); standardizedSolution(fit)   # lavaan 0.6-14, estimator = "ML" and "MLR" """
    ours, theirs = by_item(fitted(name, estimator), column, figures[name][f"cfa_{estimator}"][figure])
    assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
@pytest.mark.parametrize("name", SETS)
def test_factor_correlations_and_their_errors_equal_lavaan(fitted, figures, name, estimator):
    """R> standardizedSolution(fit)   # lavaan 0.6-14, rows of factors"""
    result = fitted(name, estimator)
    for first, second, estimate, error in figures[name][f"cfa_{estimator}"]["factor_corr"]:
        assert_allclose(result.factor_correlations.loc[first, second], estimate, atol=1e-4)
        assert_allclose(result.factor_correlation_errors.loc[first, second], error, atol=1e-4)


@pytest.mark.parametrize("name", SETS)
def test_mlr_scaled_and_robust_fit_equals_lavaan(fitted, figures, name):
    """R> fitMeasures(cfa(model, data, std.lv = TRUE, estimator = "MLR"))   # lavaan 0.6-14"""
    names = ["scaling_factor", "chi2_scaled", "cfi_scaled", "rmsea_scaled", "cfi_robust", "tli_robust", "rmsea_robust"]
    assert_fit(fitted(name, "mlr"), figures[name]["cfa_mlr"]["fit"], 1e-3, names)


def test_fiml_equals_lavaan(fitted, figures):
    """R> cfa(model, bfi, std.lv = TRUE, missing = "fiml")   # lavaan 0.6-14, 2,800 rows in 87 patterns"""
    result, expected = fitted("bfi", "fiml"), figures["more"]["bfi"]["fiml"]
    assert_fit(result, expected["fit"], 1e-3, ["chi2", "df", "loglik", "aic", "bic", "baseline_chi2", "parameters"])
    assert_fit(result, expected["fit"], 1e-4, ["cfi", "tli", "rmsea", "rmsea_low", "rmsea_high", "srmr"])
    for column in ("estimate", "std_error", "standardized", "standardized_error"):
        assert_allclose(result.loadings.set_index("item")[column].loc[expected["item"]], expected[column], atol=1e-4)
    assert result.n_used == 2800 and result.n_dropped == 0


def test_fiml_with_robust_errors_equals_lavaan(bfi, figures):
    """R> cfa(model, bfi, std.lv = TRUE, missing = "fiml", estimator = "MLR")   # lavaan 0.6-14"""
    result = cfa(bfi, scales_of(figures["bfi"]), estimator="mlr", missing="fiml")
    expected = figures["more"]["bfi"]["fiml_mlr"]
    names = ["scaling_factor", "chi2_scaled", "cfi_scaled", "tli_scaled"]
    assert_fit(result, expected["fit"], 1e-3, [*names, "rmsea_scaled", "rmsea_scaled_low", "rmsea_scaled_high"])
    assert_fit(result, expected["fit"], 1e-5, ROBUST)
    ours = result.loadings.set_index("item").loc[expected["item"], "standardized_error"]
    assert_allclose(ours, expected["standardized_error"], atol=1e-4)


def test_wlsmv_equals_lavaan(fitted, figures):
    """R> cfa(model, na.omit(bfi), std.lv = TRUE, ordered = TRUE, estimator = "WLSMV")   # lavaan 0.6-14"""
    result, expected = fitted("bfi", "wlsmv"), figures["more"]["bfi"]["wlsmv"]
    names = ["chi2", "df", "chi2_scaled", "df_scaled", "cfi", "tli", "rmsea", "srmr", "cfi_scaled", "tli_scaled"]
    names += ["rmsea_scaled", "rmsea_scaled_low", "rmsea_scaled_high", "baseline_chi2"]
    assert_fit(result, expected["fit"], 1e-2, names)
    assert_fit(result, expected["fit"], 1e-5, ROBUST)
    for column in ("estimate", "std_error", "standardized", "standardized_error"):
        assert_allclose(result.loadings.set_index("item")[column].loc[expected["item"]], expected[column], atol=1e-3)
    table = expected["correlations"]
    for first, second, estimate, error in zip(*table.values(), strict=True):
        assert_allclose(result.factor_correlations.loc[first, second], estimate, atol=1e-3)
        assert_allclose(result.factor_correlation_errors.loc[first, second], error, atol=1e-3)
    assert np.isnan(result.fit["loglik"])
    assert result.thresholds.shape == (25, 5)


def test_the_unit_of_a_marker_item_changes_loadings_as_in_lavaan(holzinger, figures):
    """R> cfa(model, HolzingerSwineford1939)   # lavaan 0.6-14"""
    result, expected = cfa(holzinger, HOLZINGER, scale="marker"), figures["more"]["holzinger"]["marker"]
    table = result.loadings.set_index("item").loc[expected["item"]]
    for column in ("estimate", "standardized", "standardized_error"):
        assert_allclose(table[column], expected[column], atol=1e-4)
    assert table["std_error"].isna().tolist() == [True, False, False] * 3
    assert_fit(result, expected["fit"], 1e-3, ["chi2", "df", "cfi", "rmsea", "srmr", "bic"])


def test_weighted_robust_estimates_equal_lavaan(holzinger, figures):
    """R> cfa(model, data, std.lv = TRUE, estimator = "MLR", sampling.weights = "w")   # lavaan 0.6-14"""
    scales = {scale: {"items": items} for scale, items in HOLZINGER.items()}
    codebook = Codebook.model_validate({"weight": "w", "response": {"min": -99, "max": 99}, "scales": scales})
    result = cfa(holzinger.assign(w=np.resize([1, 2, 0.5], 301)), codebook, estimator="mlr")
    expected = figures["more"]["holzinger"]["weighted"]
    assert_fit(result, expected["fit"], 1e-3, ["chi2", "chi2_scaled", "scaling_factor", "cfi_robust", "rmsea_robust"])
    for column in ("estimate", "std_error", "standardized", "standardized_error"):
        assert_allclose(result.loadings.set_index("item")[column].loc[expected["item"]], expected[column], atol=1e-4)


@pytest.mark.parametrize(("name", "estimator", "rtol"), [("holzinger", "ml", 1e-4), ("bfi", "wlsmv", 1e-3)])
def test_modification_indices_equal_lavaan(fitted, figures, name, estimator, rtol):
    """R> m <- modindices(fit); m[order(-m$mi), ][1:12, ]   # lavaan 0.6-14

    Under WLSMV lavaan counts n where chi² counts n − 1: a ratio of 2436 / 2435.
    """
    key = {"ml": ("holzinger", "modification"), "wlsmv": ("bfi", "wlsmv")}[estimator]
    expected = figures["more"][key[0]][key[1]]
    expected = expected.get("modification", expected)
    table = fitted(name, estimator).modification_indices.head(12)
    assert table["first"].tolist() == expected["lhs"] and table["second"].tolist() == expected["rhs"]
    assert_allclose(table["modification_index"], expected["mi"], rtol=rtol)
    assert_allclose(table["expected_change"], expected["epc"], rtol=rtol)
    assert_allclose(table["standardized_change"], expected["sepc_all"], rtol=rtol)


def test_residual_correlations_equal_lavaan(fitted, figures):
    """R> resid(cfa(model, HolzingerSwineford1939, std.lv = TRUE), "cor")$cov   # lavaan 0.6-14"""
    ours = fitted("holzinger", "ml").residual_correlations
    assert_allclose(ours, figures["more"]["holzinger"]["residual_correlations"], atol=1e-4)


def test_three_items_of_one_scale_fit_by_construction_and_say_so(holzinger, figures):
    """R> fitMeasures(cfa("speed =~ x7 + x8 + x9", HolzingerSwineford1939))   # lavaan 0.6-14"""
    result = cfa(holzinger, {"speed": HOLZINGER["speed"]})
    expected = figures["more"]["holzinger"]["one_scale"]
    assert_fit(result, expected, 1e-3, ["chi2", "df", "cfi", "tli", "rmsea", "aic", "bic"])
    assert any("fits by construction" in text for text in result.warnings)


def test_columns_of_loadings_are_a_contract(fitted):
    table = fitted("holzinger", "ml").loadings
    assert list(table) == [
        "scale", "item", "estimate", "std_error", "z", "p_value", "standardized", "standardized_error", "ci_low",
        "ci_high",
    ]  # fmt: skip
    assert table["scale"].tolist() == np.repeat(list(HOLZINGER), 3).tolist()
    pd.testing.assert_frame_equal(fitted("holzinger", "ml").to_frame(), table)


def test_a_latent_matrix_that_is_not_positive_definite_is_an_estimate_and_a_warning(fitted):
    result = fitted("ecsi", "ml")
    assert result.converged and np.linalg.eigvalsh(result.factor_correlations)[0] < 0
    assert any("not positive definite" in text for text in result.warnings)


def test_ecsi_leaves_out_the_scale_of_one_item_with_a_warning(ecsi):
    codebook = Codebook.read(ROOT / "data/ecsi_mobile/codebook.toml")
    result = cfa(ecsi, codebook)
    assert "complaints" not in result.factor_correlations and "CUSCO" not in set(result.loadings["item"])
    assert result.warnings[0] == "Left out of the factor model, because of one item: 'complaints'."


def test_formative_scales_are_left_out_with_a_warning():
    responses, codebook = simulate(scales={"image": 3, "loyalty": 3, "touch": 2})
    formative = codebook.scales["touch"].model_copy(update={"kind": "formative"})
    changed = codebook.model_copy(update={"scales": {**codebook.scales, "touch": formative}})
    result = cfa(responses, changed)
    assert list(result.factor_correlations) == ["image", "loyalty"]
    assert result.warnings[0] == "Left out of the factor model, because formative: 'touch'."


def test_answers_are_taken_raw_and_a_factor_runs_along_its_first_item_that_is_not_reversed():
    responses, codebook = simulate(400, reverse=["image_1", "image_3"], rng=3)
    signs = np.sign(cfa(responses, codebook).loadings.set_index("item")["estimate"])
    assert signs[[f"image_{n}" for n in range(1, 6)]].tolist() == [-1, 1, -1, 1, 1]


def test_a_heywood_case_is_an_estimate_and_a_warning(ecsi):
    result = cfa(ecsi, {"loyalty": ["CUSL1", "CUSL2", "CUSL3"]})
    assert result.residual_variances.set_index("item").loc["CUSL3", "estimate"] < 0
    assert any("Heywood" in text and "CUSL3" in text for text in result.warnings)


def test_a_search_that_does_not_converge_says_so():
    """Three items whose correlations multiply to less than zero have no one-factor solution."""
    rng = np.random.default_rng(0)
    r = np.array([[1, 0.4, -0.3], [0.4, 1, 0.3], [-0.3, 0.3, 1]])
    z = np.linalg.qr(rng.standard_normal((200, 3)) - 0.0)[0]
    z = np.linalg.qr(np.column_stack([np.ones(200), z]))[0][:, 1:]
    result = cfa(pd.DataFrame(z @ np.linalg.cholesky(r).T, columns=list("abc")), {"s": list("abc")})
    assert not result.converged
    assert result.warnings[0].startswith("The search did not converge")


def test_thirty_respondents_get_a_result_and_a_warning():
    responses, codebook = simulate(30, scales={"忠诚": 3, "形象": 3}, rng=1)
    result = cfa(responses, codebook)
    assert np.isfinite(result.fit["chi2"])
    assert any(text.startswith("30 respondents for 13 parameters are few") for text in result.warnings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop(columns="x5"), "lacks the column 'x5'"),
        (lambda d: d.assign(x5=3.0), "'x5' holds the same answer in every row"),
        (lambda d: d.assign(x5=np.nan), "'x5' holds no answer"),
        (lambda d: d.assign(x5=d["x4"] * 2 + 1), "'x4', 'x5' determine one another"),
        (lambda d: d.assign(x5="much"), "'x5' must be numeric"),
        (lambda d: d.head(9), "9 respondents are too few for 9 items"),
    ],
)
def test_items_that_carry_no_model_are_refused_by_name(holzinger, change, message):
    with pytest.raises(InputError, match=message):
        cfa(change(holzinger), HOLZINGER)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"visual": ["x1"], "textual": ["x4", "x5"]}, r"Scale 'visual' has one item \('x1'\)"),
        ({"visual": []}, "Scale 'visual' has no item"),
        ({"visual": "x1"}, "Scale 'visual' must list its items"),
        ({"visual": ["x1", "x2", "x1"]}, "'x1' stands in two places"),
        ({"visual": ["x1", "x2"]}, "One scale of two items"),
        ({}, "names no scale"),
        (["x1", "x2", "x3"], "must be a codebook or a dict"),
    ],
)
def test_structures_that_cannot_be_estimated_are_refused(holzinger, plan, message):
    with pytest.raises(InputError, match=message):
        cfa(holzinger, plan)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimator": "wls"}, "'estimator' must be one of"),
        ({"missing": "available"}, "'missing' must be one of"),
        ({"scale": "effect"}, "'scale' must be one of"),
        ({"confidence": 95}, "'confidence' must be a number between 0 and 1"),
        ({"estimator": "wlsmv", "missing": "fiml"}, "does not go with estimator=.wlsmv."),
    ],
)
def test_options_that_do_not_exist_are_refused(holzinger, options, message):
    with pytest.raises(InputError, match=message):
        cfa(holzinger, HOLZINGER, **options)


def test_too_many_categories_for_polychoric_correlations_are_refused(holzinger):
    with pytest.raises(InputError, match="distinct answers"):
        cfa(holzinger, HOLZINGER, estimator="wlsmv")


def test_fiml_refuses_items_that_are_never_answered_together(holzinger):
    split = holzinger.assign(
        x1=holzinger["x1"].where(holzinger.index < 150), x2=holzinger["x2"].where(holzinger.index >= 150)
    )
    with pytest.raises(InputError, match="'x1', 'x2' are answered together by fewer than two"):
        cfa(split, HOLZINGER, missing="fiml")


def test_fiml_on_complete_answers_is_ml(holzinger):
    whole, plain = cfa(holzinger, HOLZINGER, missing="fiml"), cfa(holzinger, HOLZINGER)
    assert_allclose(whole.fit["chi2"], plain.fit["chi2"], atol=1e-6)
    assert_allclose(whole.loadings["standardized"], plain.loadings["standardized"], atol=1e-6)


def test_the_callers_answers_are_not_changed(holzinger):
    before = holzinger.copy()
    cfa(holzinger, HOLZINGER, missing="fiml")
    pd.testing.assert_frame_equal(holzinger, before)


@settings(max_examples=15)
@given(surveys(missing_share=0.1), st.sampled_from(["ml", "mlr"]))
def test_listwise_equals_dropping_rows_beforehand(survey, estimator):
    responses, codebook = survey
    if len(codebook.item_names) < 3 or len(responses.dropna()) <= 2 * len(codebook.item_names):
        return
    first, second = (
        cfa(responses, codebook, estimator=estimator),
        cfa(responses.dropna(), codebook, estimator=estimator),
    )
    assert_allclose(first.fit, second.fit)
    assert first.n_used + first.n_dropped == len(responses)


@settings(max_examples=15)
@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-100, 100))
def test_unit_and_origin_of_an_item_leave_fit_and_standardized_loadings(seed, unit, origin):
    responses, codebook = simulate(150, rng=seed)
    moved = responses.assign(image_2=responses["image_2"] * unit + origin)
    before, after = cfa(responses, codebook), cfa(moved, codebook)
    assert_allclose(after.fit["chi2"], before.fit["chi2"], rtol=1e-6, atol=1e-6)
    assert_allclose(after.loadings["standardized"], before.loadings["standardized"], atol=1e-5)


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_equal_weights_are_no_weights(seed):
    responses, codebook = simulate(150, rng=seed)
    weighted = codebook.model_copy(update={"weight": "w"})
    before, after = cfa(responses, codebook), cfa(responses.assign(w=3.0), weighted)
    assert_allclose(after.fit, before.fit, rtol=1e-9)


def test_orders_of_rows_do_not_matter():
    responses, codebook = simulate(200, missing_share=0.1, rng=5)
    before = cfa(responses, codebook, missing="fiml", estimator="mlr")
    after = cfa(responses.sample(frac=1, random_state=1), codebook, missing="fiml", estimator="mlr")
    assert_allclose(after.fit, before.fit, rtol=1e-6)
