"""Ordered answers with gaps, pair by pair: lavaan's figures, alone and in groups."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import cfa
from loyalty_kit.measurement.correlations.polychoric import polychoric
from loyalty_kit.measurement.correlations.polychoric_errors import polychoric_covariance
from loyalty_kit.measurement.invariance.invariance import invariance

REFERENCE = Path(__file__).parents[2] / "reference"
SCALES = dict(zip(["agree", "conscientious", "extraversion", "neuroticism", "openness"], "ACENO", strict=True))
FIVE = {scale: [f"{letter}{i}" for i in range(1, 6)] for scale, letter in SCALES.items()}
TWO = {scale: FIVE[scale] for scale in ("agree", "neuroticism")}
COLUMNS = ["estimate", "std_error", "standardized", "standardized_error"]


@pytest.fixture(scope="module")
def figures() -> dict:
    """Lavaan's figures: cfa.R."""
    return json.loads((REFERENCE / "cfa.json").read_text())["pairwise"]


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "bfi.csv")


@pytest.mark.parametrize(("name", "rows", "structure"), [("two", 700, TWO), ("five", 2800, FIVE)])
def test_pairwise_estimates_and_fit_equal_lavaan(bfi, figures, name, rows, structure):
    """R> cfa(model, bfi, std.lv = TRUE, ordered = items, estimator = "WLSMV", missing = "pairwise")   # 0.6-14"""
    result, theirs = cfa(bfi.head(rows), structure, estimator="wlsmv", missing="pairwise"), figures[name]
    table = pd.DataFrame({column: theirs[column] for column in ("lhs", "op", "rhs", *COLUMNS)})
    own = list(zip(result.loadings["scale"], result.loadings["item"], strict=True))
    loads = table[table["op"] == "=~"].set_index(["lhs", "rhs"]).loc[own, COLUMNS]
    assert_allclose(result.loadings[COLUMNS], loads, atol=1e-4)
    for ours, lavaan in {"chi2": "chisq", "chi2_scaled": "chisq.scaled", "baseline_chi2": "baseline.chisq"}.items():
        assert_allclose(result.fit[ours], theirs["fit"][lavaan], atol=1e-2)
    for index in ("cfi.scaled", "rmsea.scaled", "cfi.robust", "tli.robust", "rmsea.robust", "srmr"):
        assert_allclose(result.fit[index.replace(".", "_")], theirs["fit"][index], atol=1e-5)
    place = [theirs["order"].index(item) for item in result.solution.model.items]
    assert_allclose(result.solution.covariance, np.array(theirs["correlations"])[np.ix_(place, place)], atol=1e-6)
    assert result.n_used == theirs["n"] == rows


@pytest.mark.parametrize("level", ["configural", "scalar"])
def test_groups_with_gaps_equal_semtools(bfi, figures, level):
    """R> measEq.syntax(model, bfi, ID.cat = "Wu.Estabrook.2016", missing = "pairwise")   # semTools 0.5-6"""
    result = invariance(bfi.head(900), TWO, group="group", estimator="wlsmv", missing="pairwise")
    row, theirs = result.levels.set_index("level").loc[level], figures["groups"][level]
    assert_allclose(
        [row["chi2"], row["df"], row["chi2_scaled"]], [theirs[k] for k in ("chisq", "df", "chisq.scaled")], atol=1e-2
    )


def test_covariance_of_correlations_with_gaps_is_that_of_samples():
    """Simulated: 400 samples of 200, a quarter of the answers to two of three items missing by chance."""
    rng = np.random.default_rng(5)
    n, samples = 200, 400
    latent = rng.multivariate_normal(np.zeros(3), [[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]], (samples, n))
    answers = np.digitize(latent, [-0.6, 0.3]).astype(float)
    answers[:, :, 1:][rng.random((samples, n, 2)) < 0.25] = np.nan
    weights, lower = np.ones(n), np.tril_indices(3, -1)
    found = [polychoric(("a", "b", "c"), sample, weights) for sample in answers]
    estimates = np.array([one.matrix[lower] for one in found])
    expected = np.mean([polychoric_covariance(one, weights) for one in found], axis=0) / n
    assert_allclose(np.diag(expected), estimates.var(axis=0), rtol=4 * np.sqrt(2 / samples))


def test_missing_answers_that_an_estimator_does_not_take_are_named(bfi):
    with pytest.raises(
        InputError, match=r"missing='fiml' does not go with estimator='wlsmv'.* 'wlsmv' takes 'pairwise'"
    ):
        cfa(bfi, TWO, estimator="wlsmv", missing="fiml")
    with pytest.raises(InputError, match=r"missing='pairwise' does not go with estimator='mlr'"):
        cfa(bfi, TWO, estimator="mlr", missing="pairwise")
