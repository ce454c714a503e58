"""Engagement by active days, depth and breadth, and whether it says anything about later purchases."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

DAY = pd.Timestamp("2026-01-01")


def events(who, day, what="view") -> pd.DataFrame:
    return pd.DataFrame({"who": who, "when": DAY + pd.to_timedelta(day, unit="D"), "what": what})


def scored(table: pd.DataFrame, **options):
    return lk.engagement(table, customer="who", time="when", kind="what", **options)


def test_parts_are_counted_by_customer():
    table = events([1, 1, 1, 2], [0, 0, 5, 3], ["view", "like", "view", "view"])
    found = scored(table, weights={"view": 1, "like": 3})
    assert found.scores[["activity", "depth", "breadth"]].values.tolist() == [[2, 2.5, 2], [1, 1, 1]]


def test_the_index_lies_between_0_and_100_and_orders_customers():
    rng = np.random.default_rng(1)
    found = scored(events(rng.integers(0, 50, 400), rng.integers(0, 90, 400), rng.choice(["a", "b", "c"], 400)))
    assert found.scores["index"].between(0, 100).all()
    assert found.scores["index"].mean() == pytest.approx(50)


def world(effect: float, seed: int, customers: int = 800):
    """Purchases before and after day 100, the later ones with or without engagement in them."""
    rng = np.random.default_rng(seed)
    rate, engaged = rng.gamma(2, size=customers), rng.gamma(2, size=customers)
    before, after = rng.poisson(rate) + 1, rng.poisson(rate * np.exp(effect * (engaged - 2)))
    who = np.concatenate([np.repeat(np.arange(customers), before), np.repeat(np.arange(customers), after)])
    day = np.concatenate([rng.integers(0, 100, before.sum()), rng.integers(101, 190, after.sum())])
    log = pd.DataFrame({"who": [*who, 0], "when": DAY + pd.to_timedelta([*day, 199], unit="D"), "paid": 1.0})
    times = rng.poisson(5 * engaged) + 1
    seen = events(np.repeat(np.arange(customers), times), rng.integers(0, 100, times.sum()))
    orders = lk.read_transactions(log, customer="who", time="when", amount="paid")
    return scored(pd.concat([seen, events([0], [100])])), orders


def test_engagement_that_goes_with_later_purchases_adds():
    found, orders = world(0.4, seed=1)
    result = found.validity(orders, horizon=90)
    assert result.verdict == "adds" and result.ci_low > 0 and result.r2_with > result.r2_without


def test_engagement_that_is_noise_is_said_to_add_nothing():
    verdicts = []
    for seed in range(4):
        found, orders = world(0.0, seed=seed)
        verdicts.append(found.validity(orders, horizon=90).verdict)
    assert verdicts.count("adds") <= 1


def test_a_log_that_ends_too_early_is_refused():
    found, orders = world(0.0, seed=1, customers=100)
    with pytest.raises(lk.InputError, match="ends 99 days after the last event, before the horizon of 120 days"):
        found.validity(orders, horizon=120)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"weights": {"like": 1}},
            "must have a number of zero or more for each kind of event; lacking or wrong: 'view'",
        ),
        ({"weights": {"view": -1}}, "lacking or wrong: 'view'"),
    ],
)
def test_a_weight_that_is_lacking_is_said(options, told):
    with pytest.raises(lk.InputError, match=told):
        scored(events([1], [0]), **options)


def test_times_that_are_no_dates_are_said():
    with pytest.raises(lk.InputError, match="'when' of the events holds String, not dates"):
        scored(events([1], [0]).assign(when="monday"))
