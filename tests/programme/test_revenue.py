"""Revenue of sales with points, as IFRS 15 allocates it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.programme.revenue import allocate_revenue

REFERENCE = json.loads((Path(__file__).parents[1] / "reference/points_revenue.json").read_text("utf-8"))


def test_example_52_of_the_standard_is_met_year_by_year():
    known = REFERENCE["ifrs15_example_52"]
    rate = known["expected"] / known["points"]
    sale = allocate_revenue(known["price"], points=known["points"], redemption_rate=rate, point_value=1)
    assert sale.goods == pytest.approx(known["products"], abs=0.5)
    assert sale.deferred == pytest.approx(known["points_allocated"], abs=0.5)
    first = sale.recognised(known["redeemed_year_1"])
    assert first == pytest.approx(known["revenue_year_1"], abs=0.5)
    assert sale.deferred - first == pytest.approx(known["liability_year_1"], abs=0.5)
    second = sale.recognised(known["redeemed_to_year_2"], expected=known["expected_year_2"])
    assert second - first == pytest.approx(known["revenue_year_2"], abs=0.5)
    assert sale.deferred - second == pytest.approx(known["liability_year_2"], abs=0.5)


def test_a_blogs_example_is_met_without_its_rounding():
    known = REFERENCE["finlearnhub"]
    sale = allocate_revenue(2000, points=2000, redemption_rate=0.85, point_value=0.1)
    assert (sale.goods, sale.deferred) == (pytest.approx(known["goods"]), pytest.approx(known["points"]))


@pytest.mark.parametrize(("expected", "year"), [(9900, "up_to_9900"), (9200, "down_to_9200")])
def test_both_examples_of_kpmg_are_met(expected, year):
    """9,000 allocated; 4,500 of 9,700 redeemed in the second year, 8,500 by the third, then more or fewer expected."""
    known = REFERENCE["kpmg_10a_10b"]
    sale = replace(
        allocate_revenue(100_000, points=10_000, redemption_rate=0.95, point_value=1), deferred=known["allocated"]
    )
    second = sale.recognised(4500, expected=9700)
    assert second == pytest.approx(known["revenue_year_2"], abs=0.5)
    third = sale.recognised(8500, expected=expected) - second
    assert third == pytest.approx(known[f"revenue_year_3_{year}"], abs=0.5)


def test_the_parts_are_the_whole():
    sale = allocate_revenue(80, points=100, redemption_rate=0.7, point_value=0.05)
    table = sale.to_frame()
    assert table["revenue"].sum() == pytest.approx(80)
    assert table["share"].sum() == pytest.approx(1)
    assert sale.recognised(70) == pytest.approx(sale.deferred)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"redemption_rate": 1.2}, "'redemption_rate' must be a share"),
        ({"points": 0}, "'points' must be above 0"),
        ({"point_value": -1}, "'point_value' must be above 0"),
    ],
)
def test_figures_out_of_their_range_are_refused(given, told):
    with pytest.raises(InputError, match=told):
        allocate_revenue(100, **({"points": 10, "redemption_rate": 0.5, "point_value": 1} | given))


def test_more_than_was_expected_asks_for_a_new_expectation():
    with pytest.raises(InputError, match="give expected=… anew"):
        allocate_revenue(100, points=10, redemption_rate=0.5, point_value=1).recognised(6)
