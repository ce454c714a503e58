"""Level and coverage with few stores of unequal size (slow)."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean

CAMPAIGNS = 250
OUTCOMES = 8
"""Outcomes of one simulated campaign, whose stores' moods and customers' noise are independent."""
EFFECT = 4.0


def t_values(stores: int, trial: int, skewed: bool) -> np.ndarray:
    """(difference − effect) / half the interval of each outcome; beyond ±1 the interval misses the effect.

    So many stores an arm, of 20 to 400 customers; the effect is the same for every customer.
    """
    rng = np.random.default_rng([stores, trial])
    size = np.rint(np.exp(rng.uniform(np.log(20), np.log(400), 2 * stores))).astype(int)
    treated = rng.permutation(np.arange(2 * stores) % 2)
    store = np.repeat(np.arange(2 * stores), size)
    draw = rng.gamma if skewed else rng.normal
    mood = draw(*((1.0, 3.0) if skewed else (0.0, 3.0)), (2 * stores, OUTCOMES))
    noise = draw(*((0.5, 14.0) if skewed else (0.0, 10.0)), (len(store), OUTCOMES))
    spend = 20 + mood[store] + EFFECT * treated[store, None] + noise
    names = [f"spend {i}" for i in range(OUTCOMES)]
    data = pd.DataFrame(spend, columns=names).assign(store=store, arm=np.where(treated[store], "mail", "none"))
    known = Campaign(data, arm="arm", control="none", cluster="store")
    rows = known.evaluate([Mean(name) for name in names]).table
    return ((rows["difference"] - EFFECT) / (rows["ci_high"] - rows["ci_low"]) * 2).to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize("skewed", [False, True], ids=["normal", "skewed"])
@pytest.mark.parametrize("stores", [6, 10, 20, 40])
def test_intervals_hold_with_few_stores_of_unequal_size(stores, skewed):
    """Of 95 % intervals 95 % hold, and an effect that is not there is called one as rarely as is due.

    A constant effect moves the interval by itself: level and coverage are one number. 2,000 outcomes of 250 campaigns;
    the Monte Carlo error, of means over campaigns, is some 0.5 points, and three of them are allowed.
    """
    missed = np.array([(np.abs(t_values(stores, trial, skewed)) > 1).mean() for trial in range(CAMPAIGNS)])
    error = missed.std(ddof=1) / np.sqrt(CAMPAIGNS)
    print(f"{stores} stores an arm, {'skewed' if skewed else 'normal'}: {1 - missed.mean():.2%} held, MC {error:.2%}")
    assert missed.mean() <= 0.05 + 3 * error
