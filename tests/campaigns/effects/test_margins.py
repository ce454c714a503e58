"""Margins: equality with statsmodels' two one-sided tests, and agreement with the interval."""

import numpy as np
import pandas as pd
import pytest
from skewed_spend import skewed
from statsmodels.stats.weightstats import ttost_ind

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean
from loyalty_kit.campaigns.effects.margins import against_margin
from loyalty_kit.core.errors import InputError


@pytest.fixture
def effects(shoppers):
    return Campaign(shoppers, arm="arm", control="none").evaluate([Mean("before")], multiple="none")


@pytest.mark.parametrize("margin", [1.0, 3.0, 5.0])
def test_equivalence_equals_statsmodels(shoppers, effects, margin):
    """statsmodels: ttost_ind(treatment, control, -margin, margin, usevar="unequal")."""
    arms = dict(list(shoppers.groupby("arm")["before"]))
    expected = ttost_ind(arms["A"], arms["none"], -margin, margin, usevar="unequal")[0]
    found = against_margin(effects, margin=margin, metric="before").to_frame().iloc[0]
    assert found["p_value"] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("margin", np.linspace(1, 6, 11))
def test_the_claim_is_shown_exactly_where_the_interval_lies_within_the_margin(effects, margin):
    for claim in ("equivalence", "noninferiority"):
        for _, found in against_margin(effects, margin=margin, metric="before", claim=claim).to_frame().iterrows():
            inside = found["ci_low"] > -margin and (claim == "noninferiority" or found["ci_high"] < margin)
            assert found["shown"] == inside


def test_a_margin_that_is_none_is_refused(effects):
    with pytest.raises(InputError, match="'margin' must be a difference above 0"):
        against_margin(effects, margin=-1.0, metric="before")
    with pytest.raises(InputError, match="'metric' must be one of 'before'; got 'spend'"):
        against_margin(effects, margin=1.0, metric="spend")


@pytest.mark.parametrize("margin", np.linspace(0.2, 3, 8))
def test_a_permutation_result_is_held_against_the_margin_by_its_own_draws(replaced, margin):
    for claim in ("equivalence", "noninferiority"):
        found = against_margin(replaced, margin=margin, metric="spend", claim=claim).to_frame().iloc[0]
        (test,) = replaced.permutations.values()
        assert (found["ci_low"], found["ci_high"]) == test.interval(0.9)
        inside = found["ci_low"] > -margin and (claim == "noninferiority" or found["ci_high"] < margin)
        assert found["shown"] == inside


@pytest.fixture(scope="module")
def replaced():
    """Effects of a campaign with few buyers, a permutation result in their place."""
    campaign, metrics = Campaign(skewed(9, 9, np.random.default_rng(2)), arm="arm", control="c"), [Mean("spend")]
    return campaign.evaluate(metrics, trust=campaign.trust(metrics, rng=0))


def test_an_outcome_that_does_not_vary_shows_nothing():
    frame = pd.DataFrame({"arm": ["c", "t"] * 10, "spend": 0.0})
    effects = Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")])
    found = against_margin(effects, margin=1.0, metric="spend").to_frame().iloc[0]
    assert not found["shown"]
    assert np.isnan(found["p_value"])
