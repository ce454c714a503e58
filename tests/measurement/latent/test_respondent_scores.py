"""Factor scores of respondents: lavaan's figures, with gaps and without, and how far they determine the factors."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.cfa.confirmatory import cfa

REFERENCE = Path(__file__).parents[2] / "reference"
HOLZINGER = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
ALSO = ["visual =~ x9", "x4 ~~ x7", "x2 ~~ x3"]


@pytest.fixture(scope="module")
def figures() -> dict:
    """Lavaan's scores of the first 60 respondents: cfa.R."""
    return json.loads((REFERENCE / "cfa.json").read_text())["scores"]


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


@pytest.mark.parametrize("method", ["regression", "bartlett"])
@pytest.mark.parametrize(("name", "given"), [("", {}), ("added_", {"also": ALSO}), ("marker_", {"scale": "marker"})])
def test_scores_equal_lavaan(pupils, figures, method, name, given):
    """R> lavPredict(cfa(model, data), method = "regression"); lavPredict(fit, method = "Bartlett")   # 0.6-14"""
    found = cfa(pupils, HOLZINGER, **given).factor_scores(method=method)
    assert_allclose(found.scores.head(60), figures[f"{name}{method}"], atol=1e-4)


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_scores_by_what_each_answered_equal_lavaan(gaps, figures, method):
    """R> lavPredict(cfa(model, gaps, missing = "fiml"), method = …)   # lavaan 0.6-14"""
    found = cfa(gaps, HOLZINGER, missing="fiml").factor_scores(method=method)
    assert_allclose(found.scores.head(60), figures[f"fiml_{method}"], atol=1e-4)


def test_determinacy_equals_the_formula_on_lavaan_estimates(pupils):
    """R> sqrt(diag(psi %*% t(l) %*% solve(s) %*% l %*% psi) / diag(psi)) of the estimates   # lavaan 0.6-14"""
    expected = json.loads((REFERENCE / "groups.json").read_text())["scores"]["determinacy"]
    assert_allclose(cfa(pupils, HOLZINGER).factor_scores().determinacy, expected, atol=1e-4)


@pytest.mark.parametrize("method", ["regression", "bartlett"])
def test_determinacy_is_the_correlation_of_score_and_factor(method):
    """Simulated: the factors of 20,000 respondents are known."""
    rng = np.random.default_rng(4)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 20_000)
    values = factors.repeat(3, axis=1) * [0.9, 0.7, 0.5, 0.8, 0.6, 0.6] + rng.normal(size=(20_000, 6)) * 0.6
    table = pd.DataFrame(values, columns=list("abcdef"))
    found = cfa(table, {"trust": list("abc"), "value": list("def")}).factor_scores(method=method)
    true = [np.corrcoef(found.scores.iloc[:, f], factors[:, f])[0, 1] for f in (0, 1)]
    assert_allclose(found.determinacy, true, atol=0.01)


def test_who_answered_less_is_told_less_by_the_scores(gaps):
    found = cfa(gaps, HOLZINGER, missing="fiml").factor_scores()
    complete = gaps[[f"x{j}" for j in range(1, 10)]].notna().all(axis=1)
    assert_allclose(found.determinacies[complete], found.determinacy.to_numpy()[None].repeat(complete.sum(), axis=0))
    assert (found.determinacies[~complete] < found.determinacy - 1e-9).any(axis=1).all()


def test_scores_keep_the_rows_of_the_table(pupils):
    table = pupils.set_index(pd.Index([f"id{i}" for i in range(len(pupils))]))
    table.loc["id3", "x1"] = np.nan
    found = cfa(table, HOLZINGER).factor_scores()
    assert "id3" not in found.scores.index and found.scores.index[3] == "id4"
    assert list(found.to_frame().columns) == ["scale", "determinacy", "lowest_determinacy", "sd"]


def test_a_factor_without_an_answer_has_no_bartlett_score(gaps):
    table = gaps.copy()
    table.loc[0, ["x1", "x2", "x3"]] = np.nan
    found = cfa(table, HOLZINGER, missing="fiml").factor_scores(method="bartlett")
    assert np.isnan(found.scores.loc[0, "visual"]) and np.isfinite(found.scores.loc[0, "textual"])


def test_scores_of_ordered_answers_and_of_no_estimates_are_refused_by_name(pupils):
    rng = np.random.default_rng(1)
    items = pd.DataFrame(rng.integers(1, 5, (300, 6)), columns=list("abcdef"))
    structure = {"trust": list("abc"), "value": list("def")}
    with pytest.raises(InputError, match="Factor scores of ordered answers"):
        cfa(items, structure, estimator="wlsmv").factor_scores()
    lost = cfa(pupils, HOLZINGER, also=["visual =~ x9", "x7 ~~ x8"])
    with pytest.raises(InputError, match="There are no factor scores: Negative residual variance"):
        lost.factor_scores()
    with pytest.raises(InputError, match="'method' must be one of"):
        cfa(pupils, HOLZINGER).factor_scores(method="thurstone")
