"""Adequacy: R's KMO and Bartlett figures, and matrices that should not be factored."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.correlation import correlate
from loyalty_kit.measurement.factors.adequacy import adequacy

REFERENCE = Path(__file__).parents[2] / "reference"
FILES = {"bfi": "bfi", "holzinger": "holzinger1939", "ecsi": "ecsi_mobile"}


def matrix(values):
    labels = [f"A{i + 1}" for i in range(len(values))]
    return pd.DataFrame(values, index=labels, columns=labels, dtype=float)


@pytest.fixture(params=FILES)
def measured(request):
    """Adequacy of a data set and R's figures."""
    figures = json.loads((REFERENCE / f"{FILES[request.param]}.json").read_text())
    return adequacy(request.getfixturevalue(request.param)[list(figures["kmo"]["items"])]), figures


def test_kmo_equals_psych(measured):
    """R> psych::KMO(cor(na.omit(items)))   # psych 2.2.9"""
    found, figures = measured
    assert_allclose(found.kmo, figures["kmo"]["total"], atol=1e-8)
    assert_allclose(found.kmo_items, pd.Series(figures["kmo"]["items"]), atol=1e-8)


def test_bartlett_equals_psych(measured):
    """R> psych::cortest.bartlett(cor(na.omit(items)), n)   # psych 2.2.9"""
    found, figures = measured
    assert_allclose(found.bartlett_chi2, figures["bartlett"]["chi2"], rtol=1e-8)
    assert found.bartlett_df == figures["bartlett"]["df"]
    assert_allclose(found.bartlett_p, figures["bartlett"]["p"], rtol=1e-8)


def test_determinant_is_that_of_the_matrix(measured):
    found, _ = measured
    assert_allclose(found.determinant, np.linalg.det(found.correlation.matrix), rtol=1e-8)


def test_table_names_the_whole_matrix_first(holzinger):
    table = adequacy(holzinger.filter(like="x")).to_frame()
    assert table["measure"].tolist() == ["kmo", "bartlett_chi2", "determinant"] + ["kmo"] * 9
    assert table["item"].tolist()[3:] == [f"x{i}" for i in range(1, 10)]


def test_weights_count_as_kishs_effective_number(holzinger):
    items = holzinger.filter(like="x")
    weight = np.arange(len(items)) % 4 + 1.0
    found = adequacy(items, weight=weight)
    chi2 = -(weight.sum() ** 2 / (weight**2).sum() - 1 - (2 * 9 + 5) / 6) * np.log(found.determinant)
    assert_allclose(found.bartlett_chi2, chi2, rtol=1e-10)


def test_without_n_there_is_no_test():
    found = adequacy(matrix([[1, 0.5], [0.5, 1]]))
    assert found.kmo == pytest.approx(0.5)
    assert np.isnan(found.bartlett_p)


def test_uncorrelated_items_have_no_kmo():
    found = adequacy(matrix(np.eye(3)), n=50)
    assert np.isnan(found.kmo)
    assert found.bartlett_p == 1


def test_items_that_share_little_are_named():
    found = adequacy(matrix([[1, 0.8, 0.5], [0.8, 1, 0], [0.5, 0, 1]]), n=100)
    assert found.warnings == (
        "Sampling adequacy is below 0.5 for 'A1', 'A2', 'A3': little of what they share is common.",
    )


def test_warnings_of_the_correlations_are_carried_on(bfi):
    smoothed = correlate(bfi.iloc[:30, :25], method="polychoric", missing="pairwise")
    assert smoothed.smoothed
    assert set(smoothed.warnings) <= set(adequacy(smoothed).warnings)


def test_a_collinear_pair_is_named(holzinger):
    items = holzinger[["x1", "x2", "x3"]].assign(twin=2 * holzinger["x2"] + 1)
    with pytest.raises(InputError, match="Items 'x2', 'twin' determine one another exactly; leave out one of them."):
        adequacy(items)
