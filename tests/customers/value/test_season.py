"""The whole shop before any model: shops of known growth and season."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from clouds import told

import loyalty_kit as lk
from loyalty_kit.customers.value.season import Season, poisson_slope, season_of


def shop(pace, weeks: int = 120, horizon: int = 13, each: int = 700) -> Season:
    """About so many purchases a week, by customers who come about twice, at a pace of week."""
    rng = np.random.default_rng(7)
    week = np.repeat(np.arange(weeks), rng.poisson(each * np.array([pace(one) for one in range(weeks)])))
    day = week * 7 + rng.integers(0, 7, len(week))
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")
    log = pd.DataFrame({"who": rng.integers(0, len(day) // 2, len(day)), "when": when, "paid": 10.0})
    return season_of(lk.read_transactions(log, customer="who", time="when", amount="paid").ledger(), horizon)


def flat(week: int) -> float:
    return 1.0


def test_a_steady_shop_has_neither_trend_nor_season():
    found = shop(flat)
    assert (found.verdict, found.trend) == ("none", "unclear")
    assert found.off == pytest.approx(0, abs=0.03)


def test_a_shop_that_doubles_in_a_year_grows_by_a_fifth_a_quarter():
    """2 ** (13 / 52) - 1 = .189; steady growth is no season."""
    found = shop(lambda week: 2 ** (week / 52))
    assert found.trend == "grows" and found.verdict == "none"
    assert found.ci_low < 2**0.25 - 1 < found.ci_high
    assert shop(lambda week: 2 ** (-week / 52)).trend == "shrinks"


def test_weeks_that_were_a_season_a_year_before_are_told():
    """Half as much again in the weeks that the horizon will be: 1.5 over the year's (13 · 1.5 + 39) / 52 = 1.125."""
    found = shop(lambda week: 1.5 if (week - 120) % 52 < 13 else 1.0)
    assert found.verdict == "season"
    assert found.off == pytest.approx(1.5 / 1.125 - 1, abs=0.04)


def test_less_than_two_years_know_no_season():
    found = shop(flat, weeks=80)
    assert found.verdict == "unknown" and np.isnan(found.off)


@pytest.mark.parametrize("seed", range(3))
def test_the_slope_of_the_shop_is_that_of_statsmodels(seed):
    """GLM with Poisson errors, widened by Pearson's dispersion; weeks without a sale too."""
    rng = np.random.default_rng(seed)
    time = np.linspace(-2, 2, 40)
    counts = rng.negative_binomial(2, 0.2, 40) * np.exp(seed * time / 2).round()
    theirs = sm.GLM(counts, sm.add_constant(time), family=sm.families.Poisson()).fit(scale="X2")
    assert poisson_slope(counts, time) == pytest.approx((theirs.params[1], theirs.bse[1]), rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [None, 3.0])
def test_the_interval_of_the_trend_holds_as_often_as_it_says(spread):
    """5 % a quarter in 60 weeks of 40 purchases, Poisson or with a variance 14 times that: 95 % are due of 1,000."""
    truth, weeks, held = 0.05, np.arange(60), 0
    pace = 40 * (1 + truth) ** (weeks / 13)
    for seed in range(1_000):
        rng = np.random.default_rng(seed)
        counts = rng.poisson(pace if spread is None else pace * rng.gamma(spread, 1 / spread, 60)).astype(float)
        slope, error = poisson_slope(counts, (weeks - 30) / 13)
        held += abs(slope - np.log1p(truth)) <= 1.96 * error
    assert 0.92 <= told(f"trend within its interval, spread {spread}", held, 1_000) <= 0.98
