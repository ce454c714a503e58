"""Trust: false alarms are found where they are, and the permutation test keeps its level."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from skewed_spend import SHARE, skewed

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Quantile, Rate, Ratio
from loyalty_kit.campaigns.effects.estimation import estimated
from loyalty_kit.campaigns.effects.permutation import permute
from loyalty_kit.campaigns.trust.verdicts import judged
from loyalty_kit.core.errors import InputError
from loyalty_kit.statistics.resampling import using


@pytest.fixture
def small():
    """Nine buyers or so in a control of one in ten: the ordinary interval cries wolf."""
    return Campaign(skewed(9, 9, np.random.default_rng(2)), arm="arm", control="c")


def test_false_alarms_are_found_where_buyers_are_few(small):
    found = small.trust([Mean("spend")], rng=0).to_frame().iloc[0]
    assert found["false_better"] > 0.06
    assert found["false_worse"] < 0.02
    assert found["coverage"] == pytest.approx(1 - found["false_better"] - found["false_worse"])
    assert found["believable"] == "by permutation"
    assert found["message"].startswith("By permutation only: the ordinary interval was called 'better' in")


def test_placebos_and_permutations_far_from_zero_are_those_near_it():
    """At mean 1e8 and sd 1 raw squares would hold no digit of the spread."""
    rng = np.random.default_rng(3)
    near = pd.DataFrame({"arm": np.resize(["c", "t"], 200), "y": rng.normal(size=200)})
    near["before"] = near["y"] + rng.normal(size=200)
    far = near.assign(y=near["y"] + 1e8, before=near["before"] + 1e8)
    given = {"arm": "arm", "control": "c", "covariates": ["before"]}
    found, expected = (Campaign(frame, **given).trust([Mean("y")], placebos=200).to_frame() for frame in (far, near))
    rates = ["false_better", "false_worse", "detectable"]
    np.testing.assert_allclose(found[rates].astype(float), expected[rates].astype(float), atol=1e-6)
    tests = [permute(y[:100], y[100:], draws=199, rng=np.random.default_rng(0)) for y in (far["y"], near["y"])]
    np.testing.assert_allclose(tests[0].draws, tests[1].draws, atol=1e-6)
    assert tests[0].standard_error == pytest.approx(tests[1].standard_error, rel=1e-6)


def test_a_rate_of_many_events_is_believed(shoppers):
    """Its level is right within chance; one sound row in ten is not believed, by chance."""
    campaign = Campaign(shoppers, arm="arm", control="none")
    found = pd.concat([campaign.trust([Rate("bought")], rng=seed).to_frame() for seed in range(10)])
    rates = found.groupby("arm")[["false_better", "false_worse"]].mean()
    assert (rates < 0.025 + 3 * np.sqrt(0.025 * 0.975 / 10_000)).all(axis=None)
    assert (found["believable"] == "yes").mean() > 0.7


def test_the_permutation_result_takes_the_place_of_a_false_one(small):
    trust = small.trust([Mean("spend"), Profit("spend", margin=0.4, cost=0.02)], rng=0)
    effects = small.evaluate([Mean("spend"), Profit("spend", margin=0.4, cost=0.02)], trust=trust)
    frame, instead = effects.to_frame(), trust.table
    assert (frame["method"] == "Welch; studentised permutation").all()
    assert frame["p_value"].tolist() == instead["p_value"].tolist()
    assert frame["ci_low"].tolist() == instead["ci_low"].tolist()
    assert "the permutation result stands here" in frame["warning"].iloc[0]
    assert frame["difference"].iloc[1] == pytest.approx(0.4 * frame["difference"].iloc[0] - 0.02)


def test_a_cost_that_is_the_same_in_an_arm_is_not_assigned(small):
    """A column of 0.02 for each treated customer and the amount 0.02 a contact are one thing."""
    data = small.frame.assign(cost=np.where(small.frame["arm"] == "t", 0.02, 0.0))
    campaign = Campaign(data, arm="arm", control="c")
    column, amount = (campaign.trust([Profit("spend", margin=0.4, cost=c)], rng=0).table for c in ("cost", 0.02))
    pd.testing.assert_frame_equal(column, amount)
    varied = data.assign(cost=data["cost"] * (1 + np.arange(len(data)) % 2))
    trust = Campaign(varied, arm="arm", control="c").trust([Profit("spend", margin=0.4, cost="cost")], rng=0)
    assert trust.table["believable"].tolist() == ["by permutation"]


def test_the_adjusted_permutation_test_has_the_error_of_its_own_draws(small):
    """Residual variances on both sides; the ordinary row keeps HC2."""
    data = small.frame.assign(before=np.random.default_rng(0).gamma(2, 2, len(small.frame)))
    campaign = Campaign(data, arm="arm", control="c", covariates=["before"])
    trust = campaign.trust([Mean("spend")], rng=0)
    test = trust.permutations["spend", "t", "all", "all", "adjusted"]
    sides = [data[data["arm"] == arm] for arm in ("c", "t")]
    center = data["before"].mean()
    variance = 0.0
    for side in sides:
        x = np.column_stack([np.ones(len(side)), side["before"] - center])
        fit = np.linalg.lstsq(x, side["spend"], rcond=None)
        variance += fit[1][0] / (len(side) - 2) * np.linalg.inv(x.T @ x)[0, 0]
    assert test.standard_error == pytest.approx(variance**0.5, rel=1e-9)
    assert len(test.draws) == 4999


def test_who_carries_out_the_placebos_changes_nothing(small):
    metrics = [Mean("spend")]
    alone = small.trust(metrics, placebos=100, rng=5).table
    with ThreadPoolExecutor(2) as pool, using(pool):
        together = small.trust(metrics, placebos=100, rng=5).table
    pd.testing.assert_frame_equal(together, alone)


def test_adjusted_and_ratio_estimates_have_a_permutation_test_too(small):
    data = small.frame.assign(before=np.random.default_rng(0).gamma(2, 2, len(small.frame)))
    data["orders"] = (data["spend"] > 0).astype(int)
    campaign = Campaign(data, arm="arm", control="c", covariates=["before"])
    trust = campaign.trust([Mean("spend"), Ratio("spend", "orders")], rng=0)
    replaced = trust.table[trust.table["believable"] == "by permutation"]
    assert set(replaced["kind"]) == {"adjusted", "plain"}
    assert replaced["p_value"].between(0, 1).all()


def test_the_same_seed_gives_the_same_trust(small):
    first, second = (small.trust([Mean("spend")], rng=5).table for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_the_period_before_serves_where_it_is_given(shoppers):
    """Spend itself is skewed and cries wolf; spend before, never 0, hardly does."""
    campaign = Campaign(shoppers, arm="arm", control="none")
    trust = campaign.trust([Mean("spend")], before={"spend": "before"}, rng=0)
    itself = campaign.trust([Mean("spend")], rng=0).to_frame()
    assert trust.method == "2000 placebo campaigns on the period before"
    assert (trust.to_frame()["false_better"] < itself["false_better"]).all()


def test_the_smallest_detectable_effect_is_2_8_errors(shoppers):
    campaign = Campaign(shoppers, arm="arm", control="none")
    errors = campaign.evaluate([Mean("spend")]).table["standard_error"]
    detectable = campaign.trust([Mean("spend")], placebos=100).to_frame()["detectable"]
    np.testing.assert_allclose(detectable, 2.8015852 * errors, rtol=1e-6)


def test_no_method_is_believed_without_buyers():
    frame = pd.DataFrame({"arm": ["c"] * 50 + ["t"] * 450, "spend": 0.0})
    frame.loc[[60, 70, 80, 90], "spend"] = 30.0
    campaign = Campaign(frame, arm="arm", control="c")
    trust = campaign.trust([Mean("spend")], placebos=200)
    assert trust.to_frame()["believable"].tolist() == ["no"]
    assert trust.warnings[0].endswith("for any method.")


def test_segments_keep_their_customers(shoppers):
    frame = Campaign(shoppers, arm="arm", control="none").trust([Mean("spend")], by="channel", placebos=100).to_frame()
    assert set(frame["level"]) == {"all", "app", "网上", "门店"}


def test_what_cannot_be_tried_is_refused(small, shoppers):
    with pytest.raises(InputError, match="'placebos' must be a whole number of at least 100"):
        small.trust([Mean("spend")], placebos=10)
    with pytest.raises(InputError, match="A quantile has no placebo campaigns"):
        small.trust([Quantile("spend")])
    with pytest.raises(InputError, match="The list of metrics lacks the column 'sales'"):
        small.trust([Mean("spend")], before={"sales": "spend"})
    trust = small.trust([Mean("spend")], placebos=100)
    with pytest.raises(InputError, match="'trust' was run at confidence 0.95, the evaluation at 0.9"):
        small.evaluate([Mean("spend")], trust=trust, confidence=0.9)
    with pytest.raises(InputError, match="'trust' and 'looks' do not go together"):
        small.evaluate([Mean("spend")], trust=trust, looks="continuous")


def test_a_permutation_of_shares_equals_the_hypergeometric():
    """scipy.stats.hypergeom(60, 11, 30).sf(8): 2 of 30 against 9 of 30; treatment holds 9 or more of 11."""
    control, treatment = np.r_[np.ones(2), np.zeros(28)], np.r_[np.ones(9), np.zeros(21)]
    test = permute(control, treatment, draws=200_000, rng=np.random.default_rng(0))
    assert test.p_value == pytest.approx(2 * 0.02095, abs=0.002)


def test_the_permutation_interval_agrees_with_its_p_value():
    rng = np.random.default_rng(0)
    for shift in np.linspace(0, 1.2, 13):
        test = permute(rng.gamma(0.5, size=40), rng.gamma(0.5, size=60) + shift, draws=999, rng=rng)
        low, high = test.interval(0.95)
        assert (low > 0 or high < 0) == (test.p_value <= 0.05)


def test_the_believed_result_keeps_its_level():
    """A small share of the long simulation below: 60 campaigns without effect."""
    buyers, ratio = 10, 1
    rng = np.random.default_rng([buyers, ratio])
    alarms = sum(_alarm(skewed(buyers, ratio, rng), rng) for _ in range(60))
    assert alarms <= 9  # 3 are due; 10 or more have probability 0.0011


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [1, 9])
@pytest.mark.parametrize("buyers", [10, 50, 100, 400])
def test_the_believed_result_keeps_its_level_on_each_side(buyers, ratio):
    rng = np.random.default_rng([buyers, ratio])
    times = 1000
    found = np.array([_believed(skewed(buyers, ratio, rng), rng) for _ in range(times)])
    better, worse = (found[:, 0] > 0).mean(), (found[:, 1] < 0).mean()
    assert better < 0.025 + 3 * np.sqrt(0.025 * 0.975 / times)
    assert worse < 0.025 + 3 * np.sqrt(0.025 * 0.975 / times)


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [1, 9])
@pytest.mark.parametrize("buyers", [50, 400])
def test_the_believed_interval_covers_a_real_effect(buyers, ratio):
    rng = np.random.default_rng([buyers, ratio, 1])
    times, factor = 300, 1.5
    effect = SHARE * np.exp(4.4 + 0.9**2 / 2) * (factor - 1)
    found = np.array([_believed(skewed(buyers, ratio, rng, factor), rng) for _ in range(times)])
    covered = ((found[:, 0] <= effect) & (effect <= found[:, 1])).mean()
    assert covered > 0.95 - 3 * np.sqrt(0.05 * 0.95 / times)


def _believed(data: pd.DataFrame, rng: np.random.Generator, placebos: int = 1000) -> tuple[float, float]:
    """Interval of the row that the report calls believable."""
    campaign = Campaign(data, arm="arm", control="c")
    trust = campaign.trust([Mean("spend")], placebos=placebos, rng=rng)
    found = campaign.evaluate([Mean("spend")], trust=trust).to_frame().iloc[0]
    return found["ci_low"], found["ci_high"]


def _alarm(data: pd.DataFrame, rng: np.random.Generator) -> bool:
    low, high = _believed(data, rng, placebos=300)
    return low > 0 or high < 0


def test_capped_and_uncapped_adjusted_rows_have_their_own_permutation_test(small):
    data = small.frame.assign(before=np.random.default_rng(0).gamma(2, 2, len(small.frame)))
    campaign = Campaign(data, arm="arm", control="c", covariates=["before"])
    metrics = [Mean("spend", cap=0.999)]
    frame = campaign.evaluate(metrics, trust=campaign.trust(metrics, rng=0)).to_frame()
    assert frame["ci_low"].nunique() == 4


def test_between_four_tenths_more_false_alarms_than_are_due_and_twice_of_them_is_a_borderline(small):
    """2.5 % a side: up to 3.5 % yes, below 5 % borderline, from 5 % on by permutation."""
    estimate = estimated(small, [Mean("spend")], ())[1][0]
    verdicts = {}
    for alarms in (25, 34, 36, 49, 50, 80):
        t = np.r_[np.full(alarms, 9.0), np.zeros(1000 - alarms)]
        drawn = np.stack([t, np.full(1000, np.inf)], axis=-1)[:, None]
        (record,) = judged(estimate, drawn, 0.025, {})
        verdicts[alarms] = record["believable"], record["message"].split(":")[0]
    yes, doubt, no = ("yes", "Yes"), ("borderline", "Borderline"), ("by permutation", "By permutation only")
    assert verdicts == {25: yes, 34: yes, 36: doubt, 49: doubt, 50: no, 80: no}


def test_the_permutation_result_stands_for_a_borderline_too(small, monkeypatch):
    monkeypatch.setattr("loyalty_kit.campaigns.trust.verdicts.CLEARLY", 40.0)
    trust = small.trust([Mean("spend")], rng=0)
    assert trust.table["believable"].tolist() == ["borderline"]
    row = small.evaluate([Mean("spend")], trust=trust).table.iloc[0]
    assert row["procedure"] == "permutation"
    assert row["ci_low"] == trust.table["ci_low"].iloc[0]


@pytest.mark.slow
def test_the_verdict_hardly_depends_on_the_seed():
    """200 seeds each: errs in 2.5 % a side, and far more. MC error up to 3.5 %."""
    rng = np.random.default_rng(7)
    sound = pd.DataFrame({"arm": np.repeat(["c", "t"], 1000), "spend": rng.normal(size=2000)})
    spent = np.where(rng.random(2000) < 0.5, rng.lognormal(3, 0.7, 2000), 0.0)
    unsound = pd.DataFrame({"arm": np.repeat(["c", "t"], [100, 1900]), "spend": spent})
    said = {}
    for name, frame in {"sound": sound, "unsound": unsound}.items():
        campaign = Campaign(frame, arm="arm", control="c")
        found = [campaign.trust([Mean("spend")], rng=seed).table["believable"].iloc[0] for seed in range(200)]
        said[name] = pd.Series(found).value_counts(normalize=True).to_dict()
    assert said["sound"].get("yes", 0.0) >= 0.85
    assert said["sound"].get("by permutation", 0.0) == 0.0
    assert said["unsound"].get("yes", 0.0) <= 0.01
