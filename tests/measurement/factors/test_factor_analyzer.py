"""KMO and Bartlett by factor_analyzer 0.5.1, and its varimax as a second opinion beside R."""

import numpy as np
import pytest
from factor_analyzer import Rotator, calculate_bartlett_sphericity, calculate_kmo

from loyalty_kit.measurement.correlations.correlation import correlate
from loyalty_kit.measurement.factors import adequacy as adequacy_module
from loyalty_kit.measurement.factors.adequacy import adequacy
from loyalty_kit.measurement.factors.factors import efa
from loyalty_kit.statistics.extraction import extract


def assert_same(first, second):
    """Equal to 1e-10, chi² in proportion to its size."""
    assert first.kmo == pytest.approx(second.kmo, abs=1e-10)
    np.testing.assert_allclose(first.kmo_items, second.kmo_items, atol=1e-10)
    assert first.bartlett_chi2 == pytest.approx(second.bartlett_chi2, rel=1e-10)
    assert first.bartlett_df == second.bartlett_df
    assert first.bartlett_p == pytest.approx(second.bartlett_p, abs=1e-10)


@pytest.fixture(params=["bfi", "holzinger", "ecsi"])
def complete(request):
    """Items of a data set, of the respondents who answer all of them."""
    items = request.getfixturevalue(request.param)
    return {"bfi": items.iloc[:, :25], "holzinger": items.filter(like="x"), "ecsi": items}[request.param].dropna()


def test_adequacy_of_items_is_factor_analyzers(complete):
    result = adequacy(complete)
    kmo_items, kmo = calculate_kmo(complete)
    chi2, p = calculate_bartlett_sphericity(complete)
    assert result.kmo == pytest.approx(kmo, abs=1e-10)
    np.testing.assert_allclose(result.kmo_items, kmo_items, atol=1e-10)
    assert result.bartlett_chi2 == pytest.approx(chi2, rel=1e-10)
    assert result.bartlett_p == pytest.approx(p, abs=1e-10)


def test_adequacy_of_correlations_equals_that_of_items(complete):
    assert_same(adequacy(complete), adequacy(correlate(complete)))
    assert_same(adequacy(complete), adequacy(complete.corr(), n=len(complete)))


def test_adequacy_asks_factor_analyzer_only_where_answers_are_complete_and_unweighted(holzinger, monkeypatch):
    items = holzinger.filter(like="x")
    asked = []
    monkeypatch.setattr(
        adequacy_module.factor_analyzer, "calculate_kmo", lambda x: (asked.append(len(x)), calculate_kmo(x))[1]
    )
    gap = items.mask(np.eye(*items.shape, dtype=bool))
    for given, how in ((gap, {}), (items, {"weight": np.ones(len(items))}), (correlate(items), {}), (items, {})):
        adequacy(given, **how)
    assert asked == [len(items)]


def test_units_of_the_answers_change_no_adequacy(holzinger):
    """Below a determinant of 1.2e-7 factor_analyzer would warn and invert by pseudo-inverse."""
    items = holzinger.filter(like="x")
    assert_same(adequacy(items / 1000), adequacy(items))


def test_items_close_to_determining_one_another_are_measured_without_factor_analyzers_pseudo_inverse(holzinger):
    items = holzinger.filter(like="x")
    noise = np.random.default_rng(0).normal(size=(len(items), 3)) / 50
    near = items.join((items[["x1", "x2", "x3"]] + noise).add_suffix("_again"))
    assert adequacy(near).determinant < 1e-7
    assert_same(adequacy(near), adequacy(correlate(near)))


def test_varimax_is_no_less_simple_than_factor_analyzers(bfi):
    """Raw varimax criterion of Kaiser-normalized loadings: the variance of squared loadings by factor."""
    items = bfi.iloc[:, :25].dropna()
    start = extract(items.corr().to_numpy(), factors=5).loadings
    theirs = Rotator(method="varimax").fit_transform(start)
    ours = efa(items, factors=5, rotation="varimax").loadings.to_numpy()

    def criterion(loadings: np.ndarray) -> float:
        normalized = loadings / np.sqrt((loadings**2).sum(axis=1, keepdims=True))
        return float((normalized**2).var(axis=0).sum())

    assert criterion(ours) >= criterion(theirs) - 1e-10
