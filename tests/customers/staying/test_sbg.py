"""Projected retention against Fader and Hardie (2007), by simulation, and where customers come back."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.customers.cohorts import CohortsResult
from loyalty_kit.customers.staying.sbg import fit_sbg, likelihood

PUBLISHED = {
    "regular": ([1000, 631, 468, 382, 326, 289, 262, 241], (0.704, 1.182)),
    "high end": ([1000, 869, 743, 653, 593, 551, 517, 491], (0.668, 3.806)),
}
"""Customers of two segments after each renewal, and the estimates of the paper (its table 1 and section 4)."""


def cohorts(*active) -> CohortsResult:
    parts = [
        pd.DataFrame({"cohort": f"2026-{place:02d}", "age": range(len(still)), "active": still, "size": still[0]})
        for place, still in enumerate(active)
    ]
    table = pd.concat(parts).assign(complete=True)
    return CohortsResult(table, "month", "customers", sum(still[0] for still in active), 0.95)


@pytest.mark.parametrize("segment", PUBLISHED)
def test_estimates_equal_the_paper(segment):
    active, (alpha, beta) = PUBLISHED[segment]
    found = cohorts(active).project(5)
    assert (found.alpha, found.beta) == (pytest.approx(alpha, abs=6e-4), pytest.approx(beta, abs=6e-4))
    assert found.to_frame()["observed"].iloc[:7].tolist() == pytest.approx(np.array(active[1:]) / 1000)


def test_the_gradient_is_that_of_the_likelihood():
    theta, age, left = np.array([-0.3, 0.8]), np.array([1.0, 3.0, 7.0]), np.array([1.0, 1.0, 0.0])
    steps = 1e-6 * np.eye(2)
    slopes = [(likelihood(theta + s, age, left)[0] - likelihood(theta - s, age, left)[0]) / 2e-6 for s in steps]
    np.testing.assert_allclose(likelihood(theta, age, left)[1], slopes, atol=1e-8)


def test_chances_to_leave_and_to_stay_add_up_to_one():
    left = np.exp(likelihood(np.array([0.1, 0.5]), np.arange(1.0, 7), np.ones(6))[0]).sum()
    stayed = np.exp(likelihood(np.array([0.1, 0.5]), np.array([6.0]), np.zeros(1))[0])[0]
    assert left + stayed == pytest.approx(1.0)


def test_equal_cohorts_apart_and_together_give_one_fit():
    apart = fit_sbg([np.array([500.0, 300, 220]), np.array([500.0, 300, 220])])
    together = fit_sbg([np.array([1000.0, 600, 440])])
    np.testing.assert_allclose(apart.parameters, together.parameters, rtol=1e-6)


def test_intervals_of_what_is_left_cover_the_truth():
    """Of 200 stores with three cohorts each, seen up to age 6, in which customers leave for good by sBG (.7, 1.2)."""
    inside = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        lives = [1 + np.floor(np.log(rng.random(300)) / np.log1p(-rng.beta(0.7, 1.2, 300))) for _ in range(3)]
        active = [[int((life > age).sum()) for age in range(7 - place)] for place, life in enumerate(lives)]
        row = cohorts(*active).project(3, rng=seed).to_frame().query("age == 9").iloc[0]
        kept = np.mean([(life > 9).mean() for life in lives])
        inside.append(row["ci_low"] <= kept <= row["ci_high"])
    assert 0.91 <= np.mean(inside) <= 0.99


def test_customers_who_come_back_are_refused_with_what_serves():
    with pytest.raises(lk.TooLittleError, match=r"In 1 of 2 cohorts .* lk\.customer_value"):
        cohorts([100, 60, 40], [100, 50, 55]).project(3)


def test_too_little_gives_a_sentence():
    with pytest.raises(lk.TooLittleError, match="20 customers who left; these have 5"):
        cohorts([100, 98, 95]).project(3)
    with pytest.raises(lk.TooLittleError, match="seen for two periods"):
        cohorts([100, 50]).project(3)
    with pytest.raises(lk.TooLittleError, match="ran to the edge"):
        cohorts([4000, 2000, 1000, 500, 250]).project(3)
    with pytest.raises(lk.InputError, match="'periods'"):
        cohorts([100, 60, 40]).project(0)


def test_what_is_expected_starts_from_what_was_seen():
    """20,000 customers of whom more stayed than the model has it: 9,800 at age 4, then S(5) / S(4) of them."""
    table = cohorts([20_000, 16_000, 12_000, 10_000, 9_800]).project(2).to_frame().set_index("age")
    assert table.loc[4, "expected"] == pytest.approx(0.49)
    ahead = 0.49 * table.loc[5, "retention"] / table.loc[4, "retention"]
    assert table.loc[5, "expected"] == pytest.approx(ahead)
    assert table.loc[5, "ci_low"] < table.loc[5, "expected"] < table.loc[5, "ci_high"]


def test_orders_are_not_projected():
    rows = pd.DataFrame(
        {"who": [1, 1, 2], "when": pd.to_datetime(["2026-01-05", "2026-02-01", "2026-03-01"]), "paid": 9}
    )
    log = lk.read_transactions(rows, customer="who", time="when", amount="paid")
    with pytest.raises(lk.InputError, match="counts customers"):
        lk.retention(log, measure="orders").project(2)
