"""Second-order and bifactor models: lavaan's figures by every estimator, and what such models cannot tell."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import CfaResult, cfa
from loyalty_kit.measurement.latent.general import Tie
from loyalty_kit.measurement.structure_verdict import judge_structure

REFERENCE = Path(__file__).parents[2] / "reference"
LETTERS = {"agree": "A", "conscientious": "C", "extraversion": "E", "neuroticism": "N", "openness": "O"}
FIVE = {scale: [f"{letter}{i}" for i in range(1, 6)] for scale, letter in LETTERS.items()}
THREE = {scale: FIVE[scale] for scale in ("agree", "extraversion", "neuroticism")}
GIVEN = {"ml": {}, "mlr": {"estimator": "mlr"}, "fiml": {"missing": "fiml"}, "wlsmv": {"estimator": "wlsmv"}}
INDICES = {"df": "df", "cfi": "cfi", "rmsea": "rmsea", "srmr": "srmr", "cfi_robust": "cfi.robust"}


@pytest.fixture(scope="module")
def figures() -> dict:
    """Lavaan's figures: cfa.R."""
    return json.loads((REFERENCE / "cfa.json").read_text())


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "bfi.csv")


@pytest.fixture(scope="module")
def complete(bfi) -> pd.DataFrame:
    return bfi.dropna(subset=[item for items in FIVE.values() for item in items])


def rows(figures: dict) -> pd.DataFrame:
    columns = ("lhs", "op", "rhs", "standardized", "standardized_error")
    table = pd.DataFrame({name: figures[name] for name in columns})
    return table[table["op"] == "=~"].set_index(["lhs", "rhs"])


def assert_fit(result: CfaResult, figures: dict) -> None:
    for ours, theirs in {"chi2": "chisq", "chi2_scaled": "chisq.scaled"}.items():
        if ours in result.fit:
            assert_allclose(result.fit[ours], figures["fit"][theirs], atol=1e-2, err_msg=ours)
    for ours, theirs in INDICES.items():
        if ours in result.fit:
            assert_allclose(result.fit[ours], figures["fit"][theirs], atol=1e-4, err_msg=ours)


def assert_loadings(result: CfaResult, figures: dict) -> None:
    """Signs aside, which lavaan leaves to where its search ended."""
    table, columns = rows(figures), ["standardized", "standardized_error"]
    own = list(zip(result.loadings["scale"], result.loadings["item"], strict=True))
    assert_allclose(result.loadings[columns].abs(), table.loc[own, columns].abs(), atol=1e-4)
    above = [("general", name) for name in result.general["name"]]
    assert_allclose(result.general[columns].abs(), table.loc[above, columns].abs(), atol=1e-4)


@pytest.mark.parametrize("estimator", GIVEN)
def test_a_second_order_factor_equals_lavaan(bfi, complete, figures, estimator):
    """R> cfa("agree =~ …, general =~ agree + …", data, std.lv = TRUE, estimator = …)   # lavaan 0.6-14"""
    table = bfi if estimator == "fiml" else complete
    result = cfa(table, FIVE, general="second-order", **GIVEN[estimator])
    assert_fit(result, figures["second_order"][estimator])
    assert_loadings(result, figures["second_order"][estimator])
    gamma = result.general["standardized"].to_numpy()
    tied = np.outer(gamma, gamma)[np.tril_indices(5, -1)]
    assert_allclose(result.factor_correlations.to_numpy()[np.tril_indices(5, -1)], tied, atol=1e-12)


@pytest.mark.parametrize("estimator", ["ml", "mlr", "wlsmv"])
def test_a_bifactor_model_equals_lavaan(complete, figures, estimator):
    """R> cfa("general =~ A1 + …, agree =~ …", data, std.lv = TRUE, orthogonal = TRUE, estimator = …)   # 0.6-14"""
    result = cfa(complete, THREE, general="bifactor", **GIVEN[estimator])
    assert_fit(result, figures["bifactor"][estimator])
    assert_loadings(result, figures["bifactor"][estimator])
    assert list(result.factor_correlations) == [*THREE, "general"]
    assert_allclose(result.factor_correlations, np.eye(4))


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_scores_of_a_bifactor_model_equal_lavaan(complete, figures, method):
    """R> lavPredict(fit, method = …)   # lavaan 0.6-14; the general factor comes first there"""
    found = cfa(complete, THREE, general="bifactor").factor_scores(method=method)
    theirs = np.abs(figures["bifactor"]["scores"][method])
    assert_allclose(found.scores[["general", *THREE]].head(len(theirs)).abs(), theirs, atol=1e-4)


def test_scores_of_a_second_order_model_equal_lavaan(complete, figures):
    """R> lavPredict(fit)   # lavaan 0.6-14; a scale's factor has the variance 1 + γ² there, 1 here"""
    result = cfa(complete, FIVE, general="second-order")
    found, theirs = result.factor_scores(), np.array(figures["second_order"]["scores"]["regression"])
    unit = np.sqrt(1 - result.general["standardized"].to_numpy() ** 2)
    assert_allclose(np.abs(found.scores[list(FIVE)].head(len(theirs))), np.abs(theirs[:, :5] * unit), atol=1e-4)
    assert_allclose(np.abs(found.scores["general"].head(len(theirs))), np.abs(theirs[:, 5]), atol=1e-4)


def test_three_scales_have_a_second_order_factor_that_fits_as_their_correlations_do(complete):
    free, tied = cfa(complete, THREE), cfa(complete, THREE, general="second-order")
    assert_allclose(tied.fit["chi2"], free.fit["chi2"], atol=1e-6)
    assert_allclose(tied.factor_correlations, free.factor_correlations, atol=1e-5)
    ours, theirs = (result.modification_indices.set_index(["first", "second"]) for result in (tied, free))
    index = "modification_index"
    assert_allclose(ours[index], theirs.loc[ours.index, index], rtol=1e-4, atol=1e-4)


def test_slopes_and_bend_of_tied_correlations_are_derivatives():
    tie = Tie(5, np.array([1, 3, 4]), np.array([1, 2, 2]), np.array([0, 0, 1]))
    at = np.array([0.3, -0.2, 0.7, 0.5, -0.4])
    assert_allclose(tie.slopes(at), [approx_fprime(at, lambda x, j=j: tie.free(x)[j]) for j in range(5)], atol=1e-6)
    slope = np.arange(5.0)
    bent = [approx_fprime(at, lambda x, i=i: (slope @ tie.slopes(x))[i]) for i in range(5)]
    assert_allclose(tie.bend(slope), bent, atol=1e-6)


@pytest.mark.parametrize(
    ("structure", "options", "sentence"),
    [
        (THREE, {"general": "higher"}, "'general' must be one of"),
        (
            {"a": FIVE["agree"], "b": FIVE["openness"]},
            {"general": "second-order"},
            "needs 3 scales or more; got 'a', 'b'",
        ),
        (THREE, {"general": "bifactor", "scale": "marker"}, "leave scale='std'"),
        ({**THREE, "general": FIVE["openness"]}, {"general": "bifactor"}, "A scale is called 'general'"),
    ],
)
def test_a_general_factor_that_cannot_be_is_refused(complete, structure, options, sentence):
    with pytest.raises(InputError, match=sentence):
        cfa(complete, structure, **options)


def test_what_a_general_factor_leaves_open_is_refused_by_name(complete):
    plain, bifactor = cfa(complete, THREE), cfa(complete, THREE, general="bifactor")
    with pytest.raises(InputError, match="Validity of scales is told by a model without general='bifactor'"):
        bifactor.validity()
    with pytest.raises(InputError, match="A structure is judged by a model without a general factor"):
        judge_structure(bifactor, plain.validity(bootstrap=0))
    assert plain.general.empty


def test_a_scale_of_which_the_general_factor_claims_more_than_all_is_improper():
    """Correlations .9, .9 and .6 of three factors ask for γ² = 1.35 of the first."""
    rng, r = np.random.default_rng(2), np.array([[1, 0.9, 0.9], [0.9, 1, 0.66], [0.9, 0.66, 1]])
    factors = rng.standard_normal((2000, 3)) @ np.linalg.cholesky(r).T
    table = pd.DataFrame(factors.repeat(3, axis=1) + 0.7 * rng.standard_normal((2000, 9)), columns=list("abcdefghi"))
    result = cfa(table, {"one": list("abc"), "two": list("def"), "three": list("ghi")}, general="second-order")
    assert result.standing == "improper" and result.estimates() == ()
    assert "The general factor claims more than the whole of 'one'" in result.warnings[0]
