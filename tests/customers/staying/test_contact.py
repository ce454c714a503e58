"""Whom to contact: the gain by hand, its interval by simulation, and the test that would tell."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError
from loyalty_kit.customers.staying.contact import contacts
from loyalty_kit.customers.transactions.day_numbers import as_date
from loyalty_kit.statistics.power import size_of_halves

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from shops import orders

IDS = pd.Series(["a", "b", "c", "d"])
RISK = np.array([0.8, 0.5, 0.1, 0.05])
JUDGED = (np.array([0.9, 0.5, 0.2]), np.array([1.0, 1.0, 0.0]))


def chosen(value=100.0, cost=4.0, effect=0.1, risk=RISK, judged=JUDGED):
    return contacts(
        IDS, risk, judged, value=value, cost=cost, effect=effect, power=0.8, confidence=0.95, at=as_date(20_000)
    )


def test_the_gain_is_what_risk_effect_and_value_bring_less_the_cost():
    found = chosen()
    assert (found.contacts, found.cost) == (2, 8.0)
    assert found.gain == pytest.approx(0.8 * 0.1 * 100 - 4 + 0.5 * 0.1 * 100 - 4)
    assert found.kept == pytest.approx(0.13) and found.break_even == pytest.approx(8 / 130)
    assert found.each.loc[found.each["contact"], "customer"].tolist() == ["a", "b"]
    assert found.curve["gain"].iloc[-1] == pytest.approx(found.gain + (1 - 4) + (0.5 - 4))


def test_the_variance_has_its_three_parts_by_hand():
    found = chosen(effect=(0.1, 0.06, 0.14))
    kept, q, error = 13.0, np.array([0.08, 0.05]), 0.04 / 1.959964
    off = ((2.0 - 1.6) ** 2 + 0.09 + 0.25 + 0.16) / 1.6**2
    variance = (100**2 * q * (1 - q)).sum() + kept**2 * (off + (error / 0.1) ** 2)
    assert found.ci_high - found.gain == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_values_may_differ_by_customer_and_none_may_be_lacking():
    values = pd.Series({"d": 5000.0, "c": 1.0, "b": 1.0, "a": 1.0})
    assert chosen(value=values).each.query("contact")["customer"].tolist() == ["d"]
    with pytest.raises(InputError, match="'value' has no number for 1 of the 4 customers"):
        chosen(value=values.drop("a"))


def test_nobody_is_contacted_where_it_does_not_pay():
    found = chosen(cost=1000.0)
    assert (found.contacts, found.gain, found.test_n) == (0, 0.0, None)


def test_risk_is_not_persuadability_and_a_test_would_tell():
    found = chosen()
    assert found.test_n == size_of_halves(0.65, -0.065)
    assert not found.test_possible
    assert "does not say that a contact changes it" in found.warnings[0]
    assert f"a test would need {found.test_n} customers" in found.warnings[1]
    assert "taken as known" in found.warnings[2]


@pytest.mark.parametrize("effect", [0.0, 1.5, (0.1, 0.2, 0.3), (0.1, 0.05), "much"])
def test_an_effect_is_a_share_or_an_estimate_within_its_interval(effect):
    with pytest.raises((InputError, TypeError), match="effect"):
        chosen(effect=effect)


def test_each_customers_risk_goes_only_into_a_file_that_is_named(tmp_path):
    found = chosen()
    assert found.customers(tmp_path / "who.csv") == 4
    assert pd.read_csv(tmp_path / "who.csv")["customer"].tolist() == ["a", "b", "c", "d"]
    with pytest.raises(InputError, match="is there already"):
        found.customers(tmp_path / "who.csv")


@pytest.mark.slow
@pytest.mark.parametrize(("shop", "due"), [("steady", 0.9), ("season", 0.8)])
def test_what_contacts_bring_lies_within_the_interval_as_often_as_said(shop, due):
    """Those who would stay away are kept with probability .1; the gain is compared with its interval."""
    inside = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        rows, _ = orders(shop, 1500, 90, 0, rng)
        known = rows[rows["when"] < "2026-07-01"]
        found = lk.churn(
            lk.read_transactions(known, customer="who", time="when", amount="paid"),
            at=(known["when"].max() - pd.Timedelta(days=84)).date(),
            horizon=84,
        )
        effect = 0.1 + 0.02 * rng.standard_normal()
        plan = found.contact(50.0, 2.0, (effect, effect - 0.0392, effect + 0.0392))
        later = rows.loc[(rows["when"] >= "2026-07-01") & (rows["when"] < "2026-09-23"), "who"].astype(str).unique()
        told = plan.each.set_index("customer")
        away = told["contact"] & ~told.index.isin(later)
        gain = 50.0 * (rng.random(int(away.sum())) < 0.1).sum() - plan.cost
        inside.append(plan.ci_low <= gain <= plan.ci_high)
    rate = np.mean(inside)
    print(f"{shop}: what came lay inside in {rate:.3f} ({np.sqrt(rate * (1 - rate) / len(inside)):.3f})")
    assert rate >= due
