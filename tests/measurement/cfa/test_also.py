"""Cross-loadings and residual covariances that a user adds: lavaan's figures by every estimator."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import CfaResult, cfa
from loyalty_kit.measurement.cfa.model import Matrices
from loyalty_kit.measurement.cfa.soundness import is_proper
from loyalty_kit.measurement.invariance.invariance import invariance

REFERENCE = Path(__file__).parents[2] / "reference"
HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
ALSO = ["visual =~ x9", "x4 ~~ x7", "x2 ~~ x3"]
TWO = {"agree": [f"A{i}" for i in range(1, 6)], "neuroticism": [f"N{i}" for i in range(1, 6)]}
ALSO_TWO = ["neuroticism =~ A1", "N1 ~~ N2", "A4 ~~ N5"]
COLUMNS = ["estimate", "std_error", "standardized", "standardized_error"]


@pytest.fixture(scope="module")
def figures() -> dict:
    """Lavaan's figures: cfa.R."""
    return json.loads((REFERENCE / "cfa.json").read_text())["also"]


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "holzinger1939.csv")


@pytest.fixture(scope="module")
def gaps(pupils) -> pd.DataFrame:
    """Pupils with answers taken out as in cfa.R."""
    out = pupils.astype({f"x{j}": float for j in range(1, 10)})
    for j in range(9):
        out.iloc[j :: 10 + j, out.columns.get_loc(f"x{j + 1}")] = np.nan
    return out


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    items = [f"{letter}{i}" for letter in "ACENO" for i in range(1, 6)]
    return pd.read_csv(REFERENCE / "bfi.csv").dropna(subset=items)


def lavaan_rows(figures: dict, op: str) -> pd.DataFrame:
    """Rows of lavaan's table by what stands on both sides."""
    table = pd.DataFrame({name: figures[name] for name in ("lhs", "op", "rhs", *COLUMNS)})
    return table[table["op"] == op].set_index(["lhs", "rhs"])[COLUMNS]


def assert_equals_lavaan(result: CfaResult, figures: dict, atol: float = 1e-4) -> None:
    loads, covaries = (lavaan_rows(figures, op) for op in ("=~", "~~"))
    own = result.loadings.set_index(["scale", "item"])[COLUMNS].astype(float)
    assert_allclose(own, loads.loc[own.index].astype(float), atol=atol)
    for _, row in result.also.iterrows():
        place = (row["first"], row["second"])
        theirs = (loads if row["kind"] == "loading" else covaries).loc[place]
        assert_allclose(row[COLUMNS].astype(float), theirs.astype(float), atol=atol)
    residual = result.residual_variances
    theirs = covaries.loc[list(zip(residual["item"], residual["item"], strict=True))]
    assert_allclose(residual[["estimate", "standardized"]], theirs[["estimate", "standardized"]], atol=atol)
    for first, second in zip(*np.tril_indices(len(result.factor_correlations), -1), strict=True):
        names = result.factor_correlations.index[[second, first]]
        correlation, error = covaries.loc[tuple(names), ["standardized", "standardized_error"]]
        assert_allclose(result.factor_correlations.loc[tuple(names)], correlation, atol=atol)
        assert_allclose(result.factor_correlation_errors.loc[tuple(names)], error, atol=atol)
    for name, theirs in {"chi2": "chisq", "df": "df", "cfi": "cfi", "rmsea": "rmsea", "srmr": "srmr"}.items():
        assert_allclose(result.fit[name], figures["fit"][theirs], atol=1e-3 if name == "chi2" else 1e-4)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_additions_equal_lavaan(pupils, figures, estimator):
    """R> cfa(paste(model, "visual =~ x9", "x4 ~~ x7", "x2 ~~ x3", sep = "\\n"), data, std.lv = TRUE)   # 0.6-14"""
    assert_equals_lavaan(cfa(pupils, HOLZINGER, also=ALSO, estimator=estimator), figures[estimator])


def test_additions_with_marker_loadings_equal_lavaan(pupils, figures):
    """R> cfa(model, data)   # lavaan 0.6-14"""
    result, loads = cfa(pupils, HOLZINGER, also=ALSO, scale="marker"), lavaan_rows(figures["marker"], "=~")
    row = result.also.iloc[0]
    assert_allclose(row[COLUMNS].astype(float), loads.loc[("visual", "x9")].astype(float), atol=1e-4)


def test_additions_on_all_that_was_answered_equal_lavaan(gaps, figures):
    """R> cfa(model, gaps, std.lv = TRUE, missing = "fiml")   # lavaan 0.6-14"""
    assert_equals_lavaan(cfa(gaps, HOLZINGER, also=ALSO, missing="fiml"), figures["fiml"])


def test_additions_to_ordered_answers_equal_lavaan(answers, figures):
    """R> cfa(model, data, std.lv = TRUE, ordered = TRUE, estimator = "WLSMV")   # lavaan 0.6-14"""
    result = cfa(answers.head(1000), TWO, also=ALSO_TWO, estimator="wlsmv")
    assert_equals_lavaan(result, figures["wlsmv"])
    assert_allclose(result.fit["chi2_scaled"], figures["wlsmv"]["fit"]["chisq.scaled"], atol=1e-2)


def test_modification_indices_leave_out_what_was_added_and_equal_lavaan(pupils, figures):
    """R> modindices(fit, sort. = TRUE)   # lavaan 0.6-14"""
    table = cfa(pupils, HOLZINGER, also=ALSO).modification_indices
    ours = {frozenset(pair): value for *pair, value in table[["first", "second", "modification_index"]].to_numpy()}
    theirs = figures["modification"]
    for lhs, rhs, index in zip(theirs["lhs"], theirs["rhs"], theirs["mi"], strict=True):
        assert_allclose(ours[frozenset((lhs, rhs))], index, atol=1e-3)
    assert not {frozenset(line.replace("=~", "~~").split(" ~~ ")) for line in ALSO} & set(ours)


@pytest.mark.parametrize("level", ["configural", "metric", "scalar", "strict"])
def test_groups_are_compared_with_additions_as_lavaan_does(pupils, figures, level):
    """R> cfa(model, data, std.lv = TRUE, group = "group", estimator = "MLR", group.equal = …)   # lavaan 0.6-14"""
    result = invariance(pupils, HOLZINGER, group="group", estimator="mlr", also=["visual =~ x9", "x4 ~~ x7"])
    row, theirs = result.levels.set_index("level").loc[level], figures["groups"][level]
    assert_allclose(
        [row["chi2"], row["df"], row["chi2_scaled"]], [theirs["chisq"], theirs["df"], theirs["chisq.scaled"]], atol=1e-2
    )


def test_groups_are_compared_with_additions_to_ordered_answers_as_semtools_does(figures):
    """R> semTools::measEq.syntax(model, data, ID.cat = "Wu.Estabrook.2016", parameterization = "theta")   # 0.5-6"""
    table = pd.read_csv(REFERENCE / "bfi.csv")[[*TWO["agree"], *TWO["neuroticism"], "group"]].dropna().head(700)
    result = invariance(table, TWO, group="group", estimator="wlsmv", also=ALSO_TWO)
    for level, theirs in figures["ordinal_groups"].items():
        row = result.levels.set_index("level").loc[level]
        assert_allclose([row["chi2"], row["df"]], [theirs["chisq"], theirs["df"]], atol=1e-2)
        assert_allclose(row["chi2_scaled"], theirs["chisq.scaled"], atol=1e-2)


def test_more_additions_than_the_answers_tell_are_refused(pupils):
    items = ["x1", "x2", "x3"]
    lines = ["x1 ~~ x2"]
    with pytest.raises(InputError, match=r"With 'x1 ~~ x2' in 'also' there are 7 parameters for 6 variances"):
        cfa(pupils, {"visual": items}, also=lines)


def test_residuals_that_covary_by_more_than_their_variances_are_improper():
    """By hand: residual variances .19, .36 and .51, and a covariance of .5 between the first two."""
    residuals = np.diag([0.19, 0.36, 0.51])
    residuals[0, 1] = residuals[1, 0] = 0.5
    loadings = np.array([[0.9], [0.8], [0.7]])
    within = np.diag(np.diag(residuals))
    matrices = [Matrices(loadings, np.eye(1), theta, np.zeros(3), np.zeros(1)) for theta in (within, residuals)]
    assert [is_proper(one) for one in matrices] == [True, False]


def test_reliability_counts_what_was_added_among_the_rest(pupils):
    """By hand: the scale's own part of the implied variance of its sum."""
    result = cfa(pupils, HOLZINGER, also=ALSO)
    covariance = result.solution.matrices.covariance[6:9, 6:9]
    own = result.loadings.loc[result.loadings["scale"] == "speed", "estimate"].sum() ** 2
    assert_allclose(result.validity(bootstrap=0).composite_reliability["speed"], own / covariance.sum(), rtol=1e-12)
