"""The whole shop before any model: shops of known growth and season."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.customers.value.season import Season, season_of


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
