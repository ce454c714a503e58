"""Placebo campaigns where stores were drawn by lot: the stores are drawn anew, in segments too."""

import numpy as np
import pandas as pd

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Rate
from loyalty_kit.campaigns.effects.estimation import estimated
from loyalty_kit.campaigns.trust.placebo import placebo_t
from loyalty_kit.campaigns.trust.redrawn import parts_of


def stores(seed: int, n: int = 50) -> pd.DataFrame:
    """Stores of 20 to 200 customers that differ a lot, half of them drawn."""
    rng = np.random.default_rng(seed)
    size, mood = rng.integers(20, 200, n), rng.normal(0, 5, n)
    arm = rng.permutation(np.arange(n) % 2)
    store = np.repeat(np.arange(n), size)
    spend = np.maximum(20 + mood[store] + rng.normal(0, 10, len(store)), 0.0)
    data = pd.DataFrame({"store": store, "arm": np.where(arm[store], "mail", "none"), "spend": spend})
    return data.assign(
        bought=(spend > 15).astype(int), before=mood[store] + rng.normal(0, 5, len(store)), half=store % 3
    )


METRICS = [Rate("bought"), Mean("spend"), Profit("spend", margin=0.4, cost=0.05)]


def test_sound_lots_of_stores_raise_as_many_false_alarms_as_is_due():
    """Counting customers, a lot of stores cries wolf in most placebo campaigns of customers' errors."""
    campaign = Campaign(stores(1), arm="arm", control="none", cluster="store", covariates=["before"])
    trust = campaign.trust(METRICS, by="half", placebos=1000)
    whole = trust.table[trust.table["by"] == "all"]
    assert whole[["false_better", "false_worse"]].to_numpy().max() < 0.045
    assert trust.method == "1000 placebo campaigns on outcomes pooled over arms, the lot drawn by stores"
    assert trust.n_used == 50


def test_a_store_has_one_arm_in_every_segment():
    data = stores(2, 40).assign(half=lambda frame: np.arange(len(frame)) % 2)
    campaign = Campaign(data, arm="arm", control="none", cluster="store")
    cube, found, _ = estimated(campaign, [Mean("spend")], ("half",))
    part = parts_of(campaign, cube, [Mean("spend")], ("half",), found)[1]
    inside = [np.flatnonzero(part.rows.where("half", level)) for level in (0, 1)]
    codes = np.where(part.rows.where("arm", "mail"), 1, 0)
    drawn = placebo_t(part.rows, codes, 2, part.found, inside, {}, 200, np.random.default_rng(0), part.units)
    assert np.corrcoef(drawn[:, 0, 0, 0], drawn[:, 1, 0, 0])[0, 1] > 0.9


def test_the_placebos_have_the_errors_of_the_moments():
    """The estimate itself is the placebo in which nobody changes places."""
    campaign = Campaign(stores(3), arm="arm", control="none", cluster="store", covariates=["before"])
    cube, found, _ = estimated(campaign, [Mean("spend")], ())
    for estimate in found:
        variance = sum(fit.by_moments()[0] for fit in estimate.fits)
        assert np.isclose(np.sqrt(variance), estimate.differences()[1][0], rtol=0.15)


def test_evaluate_heeds_the_trust_of_stores():
    campaign = Campaign(stores(4, 24), arm="arm", control="none", cluster="store")
    trust = campaign.trust(METRICS, placebos=100)
    effects = campaign.evaluate(METRICS, trust=trust)
    assert set(trust.table["believable"]) == {"by permutation"}
    assert set(effects.table["procedure"]) == {"permutation of units"}
    assert "fewer than 20 stores in an arm" in trust.table["message"][0]
