"""Concentration against R's counts, a jackknife and a known truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loyalty_kit as lk
from loyalty_kit.customers.concentration import _gini, _top

ROOT = Path(__file__).parents[2]
KNOWN = json.loads((ROOT / "tests/reference/customers/cohorts.json").read_text("utf-8"))["metrics_positive"]


def log(amounts):
    rows = pd.DataFrame({"who": range(len(amounts)), "when": pd.Timestamp("2026-01-01"), "paid": amounts})
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


def test_top_tenth_and_gini_equal_r():
    """Counted by data.table on Online Retail (cohort.R)."""
    orders = lk.read_transactions(
        ROOT / "data/online_retail/orders.parquet", customer="customer", time="time", amount="amount", order="order"
    )
    table = lk.concentration(orders).to_frame().set_index("measure")["estimate"]
    assert table["top_share"] == pytest.approx(KNOWN["top_decile_revenue_share"], abs=1e-10)
    assert table["gini"] == pytest.approx(KNOWN["gini"], abs=1e-10)


def test_the_error_of_gini_is_that_of_the_jackknife():
    amounts = np.sort(np.random.default_rng(1).lognormal(0, 1, 400))
    left_out = np.array([_gini(np.delete(amounts, place))[0] for place in range(len(amounts))])
    jackknife = np.sqrt(399 / 400 * ((left_out - left_out.mean()) ** 2).sum())
    assert _gini(amounts)[1].std(ddof=1) / 20 == pytest.approx(jackknife, rel=0.05)


@given(st.lists(st.floats(0.01, 1e6), min_size=20, max_size=60))
def test_influences_sum_to_nothing_and_units_do_not_matter(amounts):
    ordered = np.sort(amounts)
    for found in (lambda values: _top(values, 0.1), _gini):
        estimate, influence = found(ordered)
        assert influence.mean() == pytest.approx(0, abs=1e-6)
        assert found(7 * ordered)[0] == pytest.approx(estimate, abs=1e-9)


def test_equal_customers_are_not_concentrated():
    table = lk.concentration(log([5.0] * 40)).to_frame()
    assert table["estimate"].tolist() == pytest.approx([0.1, 0.0], abs=1e-9)


def test_too_few_customers_are_refused():
    with pytest.raises(lk.InputError, match="needs 20 customers or more .* the log has 3"):
        lk.concentration(log([1.0, 2.0, 3.0]))


@pytest.mark.slow
@pytest.mark.parametrize(("n", "least"), [(300, 0.86), (2000, 0.91)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(n, least):
    """Lognormal amounts of spread 1; with 300 customers and this tail an interval of 95 % holds in about 89 %."""
    rng = np.random.default_rng(1)
    truth = [found(np.sort(rng.lognormal(0, 1, 4_000_000)))[0] for found in (lambda values: _top(values, 0.1), _gini)]
    held = np.zeros(2)
    for _ in range(1000):
        amounts = np.sort(rng.lognormal(0, 1, n))
        for place, found in enumerate((lambda values: _top(values, 0.1), _gini)):
            estimate, influence = found(amounts)
            held[place] += abs(estimate - truth[place]) < 1.96 * influence.std(ddof=1) / np.sqrt(n)
    assert (held / 1000 > least).all()
