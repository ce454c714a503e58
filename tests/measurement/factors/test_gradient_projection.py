"""Gradient projection: right gradients, constraints kept, minima reached."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime

from loyalty_kit.measurement.factors.gradient_projection import equamax, geomin, minimise, oblimin, quartimax, varimax

LOADINGS = np.random.default_rng(0).normal(size=(9, 3)) / 2


def rotations(count, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(count, 3, 3)))[0]


@pytest.mark.parametrize("criterion", [varimax, oblimin, geomin, quartimax, equamax])
def test_gradients_equal_finite_differences(criterion):
    numeric = approx_fprime(LOADINGS.ravel(), lambda x: criterion(x.reshape(1, 9, 3))[0][0], 1e-7)
    assert_allclose(criterion(LOADINGS[None])[1].ravel(), numeric, atol=1e-6)


@pytest.mark.parametrize(("criterion", "oblique"), [(varimax, False), (oblimin, True), (geomin, True)])
def test_no_small_turn_is_better_than_where_a_start_settled(criterion, oblique):
    found = minimise(LOADINGS[None], rotations(1), criterion, oblique=oblique)
    assert found.converged.all()
    rng = np.random.default_rng(1)
    for _ in range(50):
        near = found.rotations[0] + 1e-3 * rng.normal(size=(3, 3))
        near = near / np.linalg.norm(near, axis=0) if oblique else np.linalg.qr(near)[0]
        rotated = LOADINGS @ (np.linalg.inv(near).T if oblique else near)
        assert criterion(rotated[None])[0][0] >= found.values[0] - 1e-12


@pytest.mark.parametrize(("criterion", "oblique"), [(varimax, False), (oblimin, True)])
def test_turns_keep_their_constraint(criterion, oblique):
    found = minimise(np.broadcast_to(LOADINGS, (6, 9, 3)), rotations(6), criterion, oblique=oblique)
    products = found.rotations.transpose(0, 2, 1) @ found.rotations
    if oblique:
        products = np.where(np.eye(3) > 0, products, 0)
    assert_allclose(products, np.broadcast_to(np.eye(3), (6, 3, 3)), atol=1e-10)


def test_a_batch_ends_where_each_of_its_starts_ends():
    starts = rotations(5)
    together = minimise(np.broadcast_to(LOADINGS, (5, 9, 3)), starts, oblimin, oblique=True)
    alone = np.vstack([minimise(LOADINGS[None], start[None], oblimin, oblique=True).rotated for start in starts])
    assert_allclose(together.rotated, alone, atol=1e-10)


def test_starts_are_left_as_they_were():
    starts = rotations(4)
    before = starts.copy()
    minimise(np.broadcast_to(LOADINGS, (4, 9, 3)), starts, geomin, oblique=True)
    assert (starts == before).all()
