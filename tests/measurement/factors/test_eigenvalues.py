"""Eigenvalues: null data as if drawn row by row, and the one-factor solution of many matrices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.measurement.factors.eigenvalues import average_partials, common_factors, components, independent
from loyalty_kit.statistics.extraction import extract


def test_drawn_matrices_have_the_eigenvalues_of_simulated_rows():
    drawn = components(independent(60, 8, 4000, np.random.default_rng(1)))
    rng = np.random.default_rng(2)
    rows = np.stack([np.corrcoef(rng.standard_normal((60, 8)).T) for _ in range(4000)])
    for quantile in (0.05, 0.5, 0.95):
        assert_allclose(
            np.quantile(drawn, quantile, axis=0), np.quantile(components(rows), quantile, axis=0), atol=0.02
        )


def test_drawn_matrices_are_correlation_matrices():
    drawn = independent(12.5, 10, 50, np.random.default_rng(0))
    assert_allclose(np.diagonal(drawn, axis1=1, axis2=2), 1)
    assert (components(drawn)[:, -1] > 0).all()


@pytest.mark.parametrize("name", ["bfi", "holzinger", "ecsi"])
def test_common_factor_eigenvalues_are_those_of_the_one_factor_minres_solution(name, request):
    r = request.getfixturevalue(name).drop(columns=["group", "age"], errors="ignore").dropna().corr().to_numpy()
    reduced = r - np.eye(len(r)) + np.diag((extract(r, factors=1).loadings ** 2).ravel())
    assert_allclose(common_factors(r[None])[0], np.linalg.eigvalsh(reduced)[::-1], atol=1e-4)


def test_common_factors_of_a_batch_are_those_of_each():
    drawn = independent(200, 12, 30, np.random.default_rng(3))
    assert_allclose(common_factors(drawn), np.vstack([common_factors(each[None]) for each in drawn]), atol=1e-10)


def test_partials_after_removing_nothing_are_the_mean_squared_correlation(holzinger):
    r = holzinger.filter(like="x").corr().to_numpy()
    assert_allclose(average_partials(r[None])[0, 0], (r[~np.eye(9, dtype=bool)] ** 2).mean())
