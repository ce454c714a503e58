"""Intervals hold what they promise: 95 % of them cover the loadings and correlations that made the survey."""

import numpy as np
import pandas as pd
import pytest
from surveys import latent, simple_structure

from loyalty_kit.measurement.cfa.confirmatory import cfa

LOADINGS = simple_structure({"image": [0.8, 0.7, 0.6, 0.5], "value": [0.7, 0.7, 0.6], "loyalty": [0.9, 0.7, 0.6]})
FACTORS = pd.DataFrame([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]], LOADINGS.columns, LOADINGS.columns)
SCALES = {scale: list(LOADINGS.index[LOADINGS[scale] != 0]) for scale in LOADINGS}
TRUTH = LOADINGS.sum(axis=1)
CASES = ["ml", "mlr", "fiml", "wlsmv"]


def survey(case: str, seed: int) -> pd.DataFrame:
    """300 respondents as the estimator expects them: normal, heavy-tailed, with gaps, or in five categories."""
    rng = np.random.default_rng(seed)
    answers = latent(300, LOADINGS, factor_correlations=FACTORS, rng=rng)
    if case == "mlr":
        return answers.mul(np.sqrt(8 / rng.chisquare(10, size=300)), axis=0)
    if case == "fiml":
        return answers.mask(rng.random(answers.shape) < 0.1)
    return (answers * 1.1).round().clip(-2, 2) if case == "wlsmv" else answers


def coverage(case: str, runs: int) -> tuple[float, float]:
    """Shares of the intervals of standardized loadings and of factor correlations that hold the truth."""
    options = {"missing": "fiml"} if case == "fiml" else {"estimator": case}
    lower = np.tril_indices(3, -1)
    held = []
    for seed in range(runs):
        result = cfa(survey(case, seed), SCALES, **options)
        table = result.loadings.set_index("item")
        off = np.abs(result.factor_correlations.to_numpy() - FACTORS.to_numpy())[lower]
        correlations = off < 1.96 * result.factor_correlation_errors.to_numpy()[lower]
        held.append([((table["ci_low"] < TRUTH) & (TRUTH < table["ci_high"])).mean(), correlations.mean()])
    loadings, correlations = np.mean(held, axis=0)
    return loadings, correlations


@pytest.mark.parametrize("case", CASES)
def test_intervals_cover_the_truth_in_a_few_runs(case):
    assert all(0.88 <= share <= 1 for share in coverage(case, 25))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_intervals_cover_the_truth_92_to_98_times_in_a_hundred(case):
    assert all(0.92 <= share <= 0.98 for share in coverage(case, 300))
