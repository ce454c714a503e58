"""Figures that factor_analyzer 0.5.1 gets right, as a second opinion beside R."""

import numpy as np
import pytest
from factor_analyzer import Rotator, calculate_bartlett_sphericity, calculate_kmo

from loyalty_kit.extraction import extract
from loyalty_kit.measurement.adequacy import adequacy
from loyalty_kit.measurement.factors import efa

pytestmark = pytest.mark.filterwarnings("default")


def test_adequacy_equals_factor_analyzer(ecsi):
    result = adequacy(ecsi)
    kmo_items, kmo = calculate_kmo(ecsi)
    chi2, _ = calculate_bartlett_sphericity(ecsi)
    assert result.kmo == pytest.approx(kmo, abs=1e-10)
    np.testing.assert_allclose(result.kmo_items, kmo_items, atol=1e-10)
    assert result.bartlett_chi2 == pytest.approx(chi2, abs=1e-8)


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
