"""Rotation: R's rotations of R's own loadings, the best of many starts, and what rotation leaves alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching import matched
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.factors.gradient_projection import geomin, oblimin, varimax
from loyalty_kit.measurement.factors.rotation import rotate

REFERENCE = Path(__file__).parents[2] / "reference"
METHODS = ["none", "varimax", "promax", "oblimin", "geomin"]


@pytest.fixture(params=[(name, fm) for name in ("bfi", "holzinger1939", "ecsi_mobile") for fm in ("minres", "ml")])
def unrotated(request):
    """Loadings of R's unrotated solution, and R's rotations of it by name."""
    name, fm = request.param
    figures = json.loads((REFERENCE / f"{name}.json").read_text())["efa"]
    return values(figures[f"{fm}_none"]["loadings"]), {
        rotation: figures[f"{fm}_{rotation}"] for rotation in ("varimax", "promax", "oblimin", "geominQ")
    }


def values(table):
    return np.array(table["values"])


def varimax_of_r(loadings, eps):
    """R's stats::varimax, line by line, with its stopping rule."""
    lengths = np.linalg.norm(loadings, axis=1, keepdims=True)
    x, transformation, reached = loadings / lengths, np.eye(loadings.shape[1]), 0.0
    for _ in range(1000):
        z = x @ transformation
        left, size, right = np.linalg.svd(x.T @ (z**3 - z * (z**2).mean(axis=0)))
        transformation, last, reached = left @ right, reached, size.sum()
        if reached < last * (1 + eps):
            break
    return x @ transformation * lengths


def normalized(loadings):
    return loadings / np.linalg.norm(loadings, axis=1, keepdims=True)


def test_oblimin_equals_gparotation(unrotated):
    """R> GPArotation::oblimin(loadings)   # GPArotation 2022.10-2"""
    loadings, rotated = unrotated
    found = rotate(loadings, "oblimin")
    pattern, phi = matched(found.loadings, values(rotated["oblimin"]["loadings"]), found.factor_correlations)
    assert_allclose(pattern, values(rotated["oblimin"]["loadings"]), atol=1e-4)
    assert_allclose(phi, values(rotated["oblimin"]["phi"]), atol=1e-4)


def test_geomin_equals_gparotation(unrotated):
    """R> GPArotation::geominQ(loadings)   # GPArotation 2022.10-2; delta .01, one start, stops at a gradient of 1e-5"""
    loadings, rotated = unrotated
    found = rotate(loadings, "geomin")
    reference = values(rotated["geominQ"]["loadings"])
    assert found.criterion == pytest.approx(geomin(reference[None])[0][0], abs=1e-7)
    assert_allclose(matched(found.loadings, reference), reference, atol=2e-4)


def test_varimax_is_within_the_reach_of_rs_stopping_rule(unrotated):
    """R> stats::varimax(loadings)   # R 4.2.2, eps 1e-5"""
    loadings, rotated = unrotated
    reference = values(rotated["varimax"]["loadings"])
    assert_allclose(matched(rotate(loadings, "varimax").loadings, reference), reference, atol=3e-3)


def test_varimax_criterion_is_no_worse_than_rs(unrotated):
    loadings, rotated = unrotated
    theirs = varimax(normalized(values(rotated["varimax"]["loadings"]))[None])[0][0]
    assert rotate(loadings, "varimax").criterion <= theirs


def test_with_rs_stopping_rule_varimax_is_rs(unrotated):
    """R> stats::varimax(loadings, eps = 1e-5)   # R 4.2.2"""
    loadings, rotated = unrotated
    reference = values(rotated["varimax"]["loadings"])
    assert_allclose(matched(varimax_of_r(loadings, 1e-5), reference), reference, atol=1e-4)


def test_without_a_stopping_rule_rs_varimax_is_the_kits(unrotated):
    loadings, _ = unrotated
    ours = rotate(loadings, "varimax").loadings
    assert_allclose(matched(varimax_of_r(loadings, 1e-13), ours), ours, atol=1e-5)


def test_promax_is_within_the_reach_of_rs_stopping_rule(unrotated):
    """R> psych::kaiser(loadings, rotate = "Promax")   # psych 2.2.9"""
    loadings, rotated = unrotated
    found, reference = rotate(loadings, "promax"), values(rotated["promax"]["loadings"])
    pattern, phi = matched(found.loadings, reference, found.factor_correlations)
    assert_allclose(pattern, reference, atol=3e-3)
    assert_allclose(phi, values(rotated["promax"]["phi"]), atol=3e-3)


@given(st.sampled_from(METHODS), st.integers(2, 5), st.integers(0, 3), st.integers(0, 2**32 - 1), st.floats(0.05, 1.0))
def test_rotation_leaves_the_common_part_of_the_model(method, factors, more, seed, size):
    loadings = np.random.default_rng(seed).normal(size=(2 * factors + more, factors)) * size
    found = rotate(loadings, method, starts=3)
    reproduced = found.loadings @ found.factor_correlations @ found.loadings.T
    assert_allclose(reproduced, loadings @ loadings.T, atol=1e-9 * max(1, size))
    assert_allclose(np.diag(found.factor_correlations), 1, atol=1e-12)


@given(st.sampled_from(["varimax", "promax", "oblimin", "geomin"]), st.integers(0, 2**32 - 1))
def test_turning_the_loadings_beforehand_changes_no_criterion(method, seed):
    structure = np.kron(np.eye(3), [[0.8], [0.7], [0.6], [0.7]])
    transformation = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    before, after = rotate(structure, method), rotate(structure @ transformation, method)
    assert after.criterion == pytest.approx(before.criterion, abs=1e-8)
    assert_allclose(matched(after.loadings, before.loadings), before.loadings, atol=1e-4)


@pytest.mark.parametrize("method", ["oblimin", "geomin"])
def test_simple_structure_is_recovered_exactly_by_oblimin_and_nearly_by_geomin(method):
    structure = np.kron(np.eye(3), [[0.8], [0.7], [0.6], [0.7]])
    phi = np.array([[1, 0.4, 0.2], [0.4, 1, 0.3], [0.2, 0.3, 1]])
    found = rotate(structure @ np.linalg.cholesky(phi), method)
    pattern, among = matched(found.loadings, structure, found.factor_correlations)
    assert_allclose(pattern, structure, atol=1e-5 if method == "oblimin" else 0.01)
    assert_allclose(among, phi, atol=1e-5 if method == "oblimin" else 0.03)


def test_more_starts_never_end_higher():
    loadings = np.random.default_rng(5).normal(size=(12, 4)) / 2
    few, many = (rotate(loadings, "geomin", starts=starts) for starts in (1, 30))
    assert many.criterion <= few.criterion + 1e-9
    assert many.solutions > 1


def test_criterion_is_that_of_the_loadings_returned():
    loadings = np.random.default_rng(5).normal(size=(12, 4)) / 2
    found = rotate(loadings, "oblimin")
    assert found.criterion == pytest.approx(oblimin(found.loadings[None])[0][0])


@pytest.mark.parametrize("method", METHODS)
def test_one_factor_is_left_as_it_is(method):
    loadings = np.array([[0.7], [-0.5], [0.6]])
    found = rotate(loadings, method)
    assert (found.loadings == loadings).all()
    assert not found.rotated


def test_an_item_without_loadings_does_not_stop_varimax():
    loadings = np.vstack([np.kron(np.eye(2), [[0.8], [0.7]]), [[0.0, 0.0]]])
    assert np.isfinite(rotate(loadings, "promax").loadings).all()


def test_unknown_rotation_gets_the_choices():
    with pytest.raises(InputError) as caught:
        rotate(np.eye(3)[:, :2], "varimx")
    assert str(caught.value) == (
        "'rotation' must be one of 'none', 'varimax', 'promax', 'oblimin', 'geomin', "
        "'quartimax', 'equamax', 'oblimax', 'geomin_ort'; got 'varimx'."
    )
