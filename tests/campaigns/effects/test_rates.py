"""Rates with few events: score intervals and exact tests that agree on what is clear."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import loyalty_kit as lk
from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Rate, Ratio
from loyalty_kit.campaigns.effects.effects_result import way_of
from loyalty_kit.campaigns.effects.permutation import Permutation
from loyalty_kit.campaigns.effects.rates import compare_rare, exact_alarms, exact_p, score_interval

NEWCOMBE = {
    (56, 70, 48, 80): (0.0528, 0.3382),
    (9, 10, 3, 10): (0.1700, 0.8406),
    (6, 7, 2, 7): (0.0342, 0.8534),
    (5, 56, 0, 29): (-0.0326, 0.1933),
    (0, 10, 0, 20): (-0.1658, 0.2844),
    (0, 10, 0, 10): (-0.2879, 0.2879),
    (10, 10, 0, 20): (0.7156, 1.0000),
    (10, 10, 0, 10): (0.6636, 1.0000),
}


def campaign_of(n0: int, k0: int, n1: int, k1: int, **options) -> Campaign:
    bought = np.repeat([1, 0, 1, 0], [k0, n0 - k0, k1, n1 - k1])
    return Campaign(
        pd.DataFrame({"arm": np.repeat(["c", "t"], [n0, n1]), "bought": bought, "spend": 30.0 * bought, **options}),
        arm="arm",
        control="c",
        covariates=list(options),
    )


@pytest.mark.parametrize(("counts", "limits"), NEWCOMBE.items(), ids=str)
def test_the_score_interval_is_the_published_one(counts, limits):
    """Newcombe (1998), table II, examples a to h, Miettinen and Nurminen."""
    k1, n1, k0, n0 = counts
    assert score_interval(k0, n0, k1, n1, 0.05) == pytest.approx(limits, abs=5e-5)


@pytest.mark.parametrize("counts", [(0, 100, 12, 900), (3, 20, 9, 25), (2, 7, 6, 7), (0, 50, 0, 70), (5, 5, 0, 5)])
def test_the_exact_test_equals_scipy(counts):
    k0, n0, k1, n1 = counts
    expected = stats.fisher_exact([[k0, n0 - k0], [k1, n1 - k1]]).pvalue
    assert exact_p(*counts) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rates", [(0.005, 0.005), (0.02, 0.02), (0.02, 0.06), (0.1, 0.03), (0.97, 0.99)])
def test_the_interval_covers_and_the_test_keeps_its_level(rates):
    """Over every table of 100 and 300 customers, by its probability: no chance is left to simulate."""
    n, (p0, p1) = (100, 300), rates
    support = [
        range(int(stats.binom.ppf(1e-7, m, p)), int(stats.binom.isf(1e-7, m, p)) + 1)
        for m, p in zip(n, rates, strict=True)
    ]
    covered = alarms = total = 0.0
    for k0, k1 in product(*support):
        chance = stats.binom.pmf(k0, n[0], p0) * stats.binom.pmf(k1, n[1], p1)
        low, high, p = compare_rare(k0, n[0], k1, n[1], 0.05)
        covered += chance * (low - 1e-12 <= p1 - p0 <= high + 1e-12)
        alarms += chance * (way_of(low, high, p, 0.95) in ("up", "down"))
        total += chance
    assert total > 0.99999
    assert covered >= 0.935
    if p0 == p1:
        assert alarms <= 0.05


def test_chances_of_a_false_alarm_are_those_of_the_hypergeometric():
    better, worse = exact_alarms(4, 40, 5, 60, 0.05)
    called = [
        (stats.hypergeom.pmf(k, 100, 9, 40), np.sign((9 - k) / 60 - k / 40))
        for k in range(10)
        if stats.fisher_exact([[k, 40 - k], [9 - k, 51 + k]]).pvalue <= 0.05
    ]
    assert better == pytest.approx(sum(chance for chance, way in called if way > 0))
    assert worse == pytest.approx(sum(chance for chance, way in called if way < 0))


@pytest.mark.parametrize("counts", [(100, 0, 900, 12), (200, 0, 1800, 30), (40, 40, 60, 52), (2000, 0, 2000, 0)])
def test_a_rate_of_few_has_the_score_interval_and_the_exact_p_with_or_without_trust(counts):
    """statsmodels 2609, 2742: intervals where a rate is 0 or 1."""
    n0, k0, n1, k1 = counts
    campaign = campaign_of(n0, k0, n1, k1)
    metrics = [Rate("bought")]
    trusted = campaign.evaluate(metrics, trust=campaign.trust(metrics, placebos=200, rng=0))
    for effects in (campaign.evaluate(metrics), trusted):
        row = effects.overall.iloc[0]
        assert row["p_value"] == pytest.approx(stats.fisher_exact([[k0, n0 - k0], [k1, n1 - k1]]).pvalue)
        low, high = score_interval(k0, n0, k1, n1, 0.05)
        if row["p_value"] > 0.05:
            low, high = min(low, 0.0), max(high, 0.0)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=1e-12)
        assert row["method"] == "score interval, Fisher's exact p"
        assert (row["way"] in ("up", "down")) == (row["p_value"] <= 0.05)


def test_a_rate_of_few_is_not_adjusted_and_its_row_says_so():
    before = np.random.default_rng(0).gamma(2, 10, 1000)
    effects = campaign_of(100, 1, 900, 12, before=before).evaluate([Rate("bought"), Mean("spend")])
    rows = effects.overall.set_index("metric")
    assert rows.loc["bought", "warning"].startswith("Few events, or few customers without")
    assert rows.loc["spend", "method"] == "adjusted for before (Lin, HC2)"
    assert effects.warnings == ()


def test_no_sentence_claims_what_p_does_not_show():
    """5 of 1,000 against none: p = 0.06, with a lower limit that rounding once put above 0."""
    metrics = [Rate("bought"), Mean("spend")]
    campaign = campaign_of(1000, 0, 1000, 5)
    for seed in range(3):
        effects = campaign.evaluate(metrics, trust=campaign.trust(metrics, placebos=200, rng=seed))
        rows = effects.overall
        assert not ((rows["ci_low"] > 0) & (rows["p_value"] > 0.05)).any()
        assert str(lk.describe(effects)).startswith("bought: no clear difference")


@pytest.mark.parametrize("few", [3, 5, 6, 9])
def test_a_permutation_interval_excludes_zero_only_where_its_p_value_says(few):
    draws = np.sort(np.random.default_rng(few).standard_normal(999))
    test = Permutation(difference=draws[-few] * 0.1, standard_error=0.1, draws=draws)
    low, high = test.interval(1 - 0.01)
    assert (low > 0 or high < 0) == (test.p_value <= 0.01)


@pytest.mark.parametrize(
    ("low", "high", "p", "way"),
    [
        (8.7e-19, 0.02, 0.06, "unclear"),
        (8.7e-19, 0.02, 0.04, "unclear"),
        (0.001, 0.02, 0.06, "unclear"),
        (0.001, 0.02, 0.05, "up"),
        (-0.02, -0.001, 0.01, "down"),
        (-0.02, 0.0, 0.01, "unclear"),
        (np.nan, np.nan, np.nan, "none"),
    ],
)
def test_which_way_is_decided_by_p_and_interval_together(low, high, p, way):
    assert way_of(low, high, p, 0.95) == way


def test_treatments_with_few_events_are_compared_by_the_same_rule():
    frame = pd.DataFrame({"arm": np.repeat(["c", "a", "b"], 200), "bought": 0})
    frame.loc[[0, *range(200, 220), 400, 401], "bought"] = 1
    found = Campaign(frame, arm="arm", control="c").evaluate([Rate("bought")]).between.iloc[0]
    assert found["p_value"] == pytest.approx(stats.fisher_exact([[20, 180], [2, 198]]).pvalue)
    assert found[["ci_low", "ci_high"]].tolist() == pytest.approx(score_interval(2, 200, 20, 200, 0.05))


def test_a_ratio_over_nothing_names_the_empty_column():
    """PostHog 85529."""
    frame = pd.DataFrame({"arm": ["c"] * 80 + ["t"] * 80, "orders": [0] * 80 + [1] * 80, "spend": 1.0})
    row = Campaign(frame, arm="arm", control="c").evaluate([Ratio("spend", "orders")]).overall.iloc[0]
    assert row["warning"] == "'orders' is 0 throughout control: nothing to divide by."
    assert np.isnan(row["difference"])
