"""Chain ladder, Mack's errors, Bornhuetter–Ferguson and Cape Cod on the triangles of the literature."""

import json
from pathlib import Path

import numpy as np
import pytest

from loyalty_kit.programme.points.chain_ladder import bornhuetter_ferguson, cape_cod, chain_ladder

REFERENCE = json.loads((Path(__file__).parents[2] / "reference/redemption_triangle.json").read_text("utf-8"))


@pytest.mark.parametrize("name", ["raa", "genins"])
def test_reserves_and_errors_are_those_of_mack(name):
    """RAA 52,135 (26,909), GenIns 18,680,856 (2,447,095): Mack 1993; chainladder 0.10.1, relative tolerance 1e-8."""
    known = REFERENCE[name]
    found = chain_ladder(np.array(known["triangle"], dtype=float))
    np.testing.assert_allclose(found.factors, known["ldf"], rtol=1e-8)
    np.testing.assert_allclose(found.sigma, known["sigma"], rtol=1e-8)
    np.testing.assert_allclose(found.reserve[1:], known["ibnr"][1:], rtol=1e-8)
    np.testing.assert_allclose(found.std_error[1:], known["se"][1:], rtol=1e-8)
    assert (found.reserve[0], found.std_error[0]) == (0, 0)
    assert found.total == pytest.approx(known["total_ibnr"], rel=1e-8)
    assert found.total_std_error == pytest.approx(known["total_se"], rel=1e-8)


def test_an_expectation_from_elsewhere_gives_the_reserve_of_bornhuetter_and_ferguson():
    known = REFERENCE["raa"]
    found = chain_ladder(np.array(known["triangle"], dtype=float))
    exposure = np.full(10, float(known["bf"]["exposure"]))
    reserve = bornhuetter_ferguson(found, exposure, known["bf"]["apriori"])
    np.testing.assert_allclose(reserve, known["bf"]["ibnr"], rtol=1e-8, atol=1e-8)
    expected, by_it = cape_cod(found, exposure)
    assert expected == pytest.approx(known["cape_cod"]["apriori"], rel=1e-8)
    assert by_it.sum() == pytest.approx(known["cape_cod"]["total"], rel=1e-8)


def test_an_origin_of_which_nothing_was_seen_comes_to_nothing_without_error():
    triangle = np.array([[2.0, 4, 5, 6], [3, 5, 7, np.nan], [4, 6, np.nan, np.nan], [0, np.nan, np.nan, np.nan]])
    found = chain_ladder(triangle)
    assert (found.reserve[-1], found.std_error[-1]) == (0, 0)
    assert np.isfinite(found.total_std_error)
