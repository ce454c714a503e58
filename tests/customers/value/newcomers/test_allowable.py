"""What a new customer may cost: against the model's closed form, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from cdnow import CUT, log

import loyalty_kit as lk


@pytest.fixture(scope="module")
def value():
    return lk.customer_value(log("sales"), horizon=39, holdout=CUT, model="pareto_nbd", margin=0.4)


def rows(result):
    return result.to_frame().set_index("measure")


def expected(value, weeks: float) -> float:
    """Revenue of a new customer: first day, then r beta / (alpha (s - 1)) (1 - (beta / (beta + t)) ** (s - 1)) days."""
    r, alpha, s, beta = value.fitted["pareto_nbd"].parameters
    bought = r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + weeks)) ** (s - 1))
    p, q, gamma = value.forecast.spending.fitted.parameters
    first = value.ledger.purchases
    return first.spend[first.starts].mean() + bought * p * gamma / (q - 1)


def test_a_new_customer_is_worth_the_first_day_and_what_the_model_expects(value):
    told = rows(lk.allowable_cost(value))
    assert told.loc["new_customer", "estimate"] == pytest.approx(0.4 * expected(value, 39), rel=1e-9)
    assert told.loc["allowable_cost", "estimate"] == told.loc["new_customer", "ci_low"]
    assert told.loc["new_customer", "ci_low"] < told.loc["new_customer", "estimate"]


def test_only_a_share_of_the_value_may_be_spent(value):
    assert lk.allowable_cost(value, 0.25).allowable == pytest.approx(lk.allowable_cost(value).allowable / 4)


@pytest.mark.parametrize(("part", "verdict"), [(0.8, "pays"), (1.0, "unclear"), (1.2, "does_not_pay")])
def test_a_cost_pays_below_the_interval_and_not_above_it(value, part, verdict):
    assert lk.allowable_cost(value, cost=part * 0.4 * expected(value, 39)).verdict == verdict


def test_a_cost_is_paid_back_when_the_expected_margin_reaches_it(value):
    told = rows(lk.allowable_cost(value, cost=0.4 * expected(value, 20))).loc["payback"]
    assert told["estimate"] == pytest.approx(20, abs=1e-6)
    assert told["ci_low"] < 20 < told["ci_high"]


def test_what_the_first_day_pays_is_paid_back_at_once_and_what_never_is_missing(value):
    assert rows(lk.allowable_cost(value, cost=1.0)).loc["payback", "estimate"] == 0
    assert np.isnan(rows(lk.allowable_cost(value, cost=1000.0)).loc["payback", "estimate"])


def test_revenue_without_a_margin_is_said(value):
    found = lk.allowable_cost(replace(value, margin=None))
    assert found.allowable == pytest.approx(lk.allowable_cost(value).allowable / 0.4)
    assert "give 'margin'" in str(found.warnings[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"share": 1.5}, "'share'"), ({"share": 0.0}, "'share'"), ({"cost": 0.0}, "'cost' must be above 0")],
)
def test_a_share_or_cost_that_cannot_be_gives_a_sentence(value, arguments, said):
    with pytest.raises(lk.InputError, match=said):
        lk.allowable_cost(value, **arguments)


def test_a_log_in_place_of_a_value_is_refused():
    with pytest.raises(lk.InputError, match="'value' must be what lk.customer_value gives"):
        lk.allowable_cost(log("sales"))
