"""Effects: known figures, equality with other programs, and what must hold for any campaign."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import proportion

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Mean, Profit, Quantile, Rate, Ratio
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message

COLUMNS = (
    "metric arm by level n control treatment difference ci_low ci_high "
    "lift lift_low lift_high p_value p_adjusted method warning"
).split()  # fmt: skip
tea = pytest.mark.skipif(importlib.util.find_spec("tea_tasting") is None, reason="tea-tasting is not installed")


def row(frame, **where):
    chosen = frame
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    return chosen.iloc[0]


@pytest.fixture
def mailing(hillstrom):
    return Campaign(hillstrom, arm="segment", control="No E-Mail")


def test_the_frame_has_exactly_the_columns_of_the_contract(shoppers):
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Rate("bought")], by="channel")
    assert list(effects.to_frame().columns) == COLUMNS


def test_hillstrom_spend_has_the_known_welch_intervals(mailing):
    """+0.7698 [0.4851, 1.0545], p 1.16e-7 and +0.4244 [0.1690, 0.6799], p 0.00113."""
    frame = mailing.evaluate([Mean("spend")], multiple="none").to_frame()
    mens, womens = row(frame, arm="Mens E-Mail"), row(frame, arm="Womens E-Mail")
    assert mens[["difference", "ci_low", "ci_high"]].astype(float).round(4).tolist() == [0.7698, 0.4851, 1.0545]
    assert womens[["difference", "ci_low", "ci_high"]].astype(float).round(4).tolist() == [0.4244, 0.1690, 0.6799]
    assert f"{mens['p_value']:.2e}" == "1.16e-07"
    assert round(womens["p_value"], 5) == 0.00113


def test_hillstrom_visits_have_the_known_wald_intervals(mailing):
    """+7.659 points [6.995, 8.323] and +4.523 points [3.889, 5.157]."""
    frame = mailing.evaluate([Rate("visit")], multiple="none").to_frame()
    points = (100 * frame[["difference", "ci_low", "ci_high"]]).round(3).to_numpy().tolist()
    assert points == [[7.659, 6.995, 8.323], [4.523, 3.889, 5.157]]


def test_hillstrom_profit_has_the_known_intervals(mailing):
    """0.288 [0.174, 0.402] and 0.150 [0.048, 0.252] a customer at 40 % margin and 0.02 a mail."""
    frame = mailing.evaluate([Profit("spend", margin=0.4, cost=0.02)], multiple="none").to_frame()
    found = frame[["difference", "ci_low", "ci_high"]].round(3).to_numpy().tolist()
    assert found == [[0.288, 0.174, 0.402], [0.150, 0.048, 0.252]]


def test_hillstrom_arms_together_have_the_known_simultaneous_interval(mailing):
    """Max-t critical value 2.227; women's mail spend [0.134, 0.715], p 0.0022. Max-t from three arms on."""
    effects = mailing.evaluate([Mean("spend")])
    womens = row(effects.table, arm="Womens E-Mail")
    assert [round(womens[name], 3) for name in ("ci_low", "ci_high")] == [0.134, 0.715]
    assert round(womens["p_adjusted"], 4) == 0.0022
    assert round((womens["ci_high"] - womens["difference"]) / womens["standard_error"], 3) == 2.227
    assert round(womens["p_value"], 5) == 0.00113


def test_hillstrom_interactions_are_the_known_ones(mailing):
    """Women's mail on visits: +7.3 points among buyers of women's goods, +1.1 otherwise, p 3e-22; channel p 0.97."""
    effects = mailing.evaluate([Rate("visit")], by=["womens", "channel"])
    found = effects.interactions[effects.interactions["arm"] == "Womens E-Mail"].set_index("by")["p_value"]
    assert f"{found['womens']:.0e}" == "3e-22"
    assert round(found["channel"], 2) == 0.97
    cells = effects.to_frame().query("arm == 'Womens E-Mail' and by == 'womens'").set_index("level")["difference"]
    assert (100 * cells).round(1).to_dict() == {0: 1.1, 1: 7.3}


@tea
@pytest.mark.parametrize("arm", ["A", "B"])
def test_mean_and_ratio_equal_tea_tasting(shoppers, arm):
    """tea-tasting 1.14: Experiment(spend=Mean("spend"), ratio=RatioOfMeans("spend", "orders")).analyze(data)."""
    tt = pytest.importorskip("tea_tasting")
    data = shoppers[shoppers["arm"].isin(["none", arm])]
    experiment = tt.Experiment(spend=tt.Mean("spend"), ratio=tt.RatioOfMeans("spend", "orders"), variant="arm")
    theirs = experiment.analyze(data, control="none")
    ours = Campaign(data, arm="arm", control="none").evaluate([Mean("spend"), Ratio("spend", "orders")]).to_frame()
    for metric, result in (("spend", theirs["spend"]), ("spend/orders", theirs["ratio"])):
        mine = row(ours, metric=metric)
        figures = {
            "control": result.control,
            "treatment": result.treatment,
            "difference": result.effect_size,
            "ci_low": result.effect_size_ci_lower,
            "ci_high": result.effect_size_ci_upper,
            "lift": result.rel_effect_size,
            "lift_low": result.rel_effect_size_ci_lower,
            "lift_high": result.rel_effect_size_ci_upper,
            "p_value": result.pvalue,
        }
        for name, value in figures.items():
            assert mine[name] == pytest.approx(value, rel=1e-8, abs=1e-8), name


@tea
def test_hillstrom_mean_equals_tea_tasting(hillstrom):
    """tea-tasting 1.14: Experiment(spend=Mean("spend"), variant="segment").analyze(data, all_variants)."""
    tt = pytest.importorskip("tea_tasting")
    data = hillstrom[hillstrom["segment"] != "Mens E-Mail"]
    theirs = tt.Experiment(spend=tt.Mean("spend"), variant="segment").analyze(data, control="No E-Mail")["spend"]
    mine = row(Campaign(data, arm="segment", control="No E-Mail").evaluate([Mean("spend")]).to_frame(), metric="spend")
    assert mine["ci_low"] == pytest.approx(theirs.effect_size_ci_lower, abs=1e-8)
    assert mine["lift_high"] == pytest.approx(theirs.rel_effect_size_ci_upper, abs=1e-8)
    assert mine["p_value"] == pytest.approx(theirs.pvalue, abs=1e-8)


def test_a_rate_equals_statsmodels_wald(shoppers):
    """statsmodels: confint_proportions_2indep(method="wald"), test_proportions_2indep(method="wald")."""
    data = shoppers[shoppers["arm"] != "A"]
    mine = row(Campaign(data, arm="arm", control="none").evaluate([Rate("bought")]).to_frame(), arm="B")
    counts = data.groupby("arm")["bought"].agg(["sum", "count"])
    given = (*counts.loc["B"], *counts.loc["none"])
    low, high = proportion.confint_proportions_2indep(*given, method="wald", compare="diff")
    assert mine["ci_low"] == pytest.approx(low, abs=1e-12)
    assert mine["ci_high"] == pytest.approx(high, abs=1e-12)
    assert mine["p_value"] == pytest.approx(proportion.test_proportions_2indep(*given, method="wald").pvalue, rel=1e-8)


def test_a_quantile_has_the_maritz_jarrett_error(shoppers):
    """scipy.stats.mstats.mjci."""
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Quantile("before", at=0.75)])
    arms = shoppers.groupby("arm")["before"]
    error = {arm: float(stats.mstats.mjci(values.to_numpy(), [0.75])[0]) for arm, values in arms}
    assert row(effects.table, arm="A")["standard_error"] == pytest.approx(np.hypot(error["A"], error["none"]), rel=1e-9)
    assert row(effects.table, arm="A")["treatment"] == pytest.approx(arms.quantile(0.75)["A"])


def test_quantiles_stand_in_segments_and_alone(shoppers):
    frame = Campaign(shoppers, arm="arm", control="none").evaluate(Quantile("before"), by="channel").to_frame()
    assert len(frame) == 2 * 4


def test_the_capped_estimate_stands_before_the_uncapped_one(shoppers):
    frame = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend", cap=0.99)]).to_frame()
    limit = np.quantile(shoppers["spend"], 0.99)
    means = shoppers["spend"].clip(upper=limit).groupby(shoppers["arm"]).mean()
    assert frame["treatment"].iloc[0] == pytest.approx(means["A"])
    assert frame["method"].iloc[0].startswith(f"Welch, capped at {limit:.6g}")
    assert frame["method"].iloc[1].startswith("Welch, uncapped")


def test_the_adjusted_estimate_stands_before_the_plain_one(shoppers):
    frame = Campaign(shoppers, arm="arm", control="none", covariates=["before"]).evaluate([Mean("spend")]).to_frame()
    assert frame["method"].tolist()[:2] == ["adjusted for before (Lin, HC2), max-t", "Welch, max-t"]
    assert frame["arm"].tolist() == ["A", "A", "B", "B"]


def test_lift_is_left_out_where_control_is_not_clearly_above_zero():
    frame = pd.DataFrame({"arm": ["c"] * 40 + ["t"] * 40, "spend": [0.0] * 39 + [5.0] + [0.0, 3.0] * 20})
    found = row(Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")]).to_frame(), arm="t")
    assert np.isnan(found[["lift", "lift_low", "lift_high"]].astype(float)).all()
    assert "No lift" in found["warning"]


def test_few_buyers_in_control_are_warned_of(shoppers):
    found = row(Campaign(shoppers[:60], arm="arm", control="none").evaluate([Mean("spend")]).to_frame(), arm="A")
    assert "ask trust()" in found["warning"]


def test_a_mean_of_nothing_has_no_interval():
    frame = pd.DataFrame({"arm": ["c", "t"] * 20, "spend": 0.0})
    found = row(Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")]).to_frame(), arm="t")
    assert np.isnan(found["ci_low"])
    assert found["warning"] == "The outcome does not vary; there is no interval."


def test_a_segment_with_one_customer_in_an_arm_says_so(shoppers):
    shoppers.loc[shoppers.index[shoppers["arm"] == "A"][0], "channel"] = "kiosk"
    frame = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")], by="channel").to_frame()
    assert row(frame, level="kiosk")["warning"] == "Too few customers for an interval."


def test_a_missing_segment_is_a_level_of_its_own(shoppers):
    shoppers.loc[shoppers.index[::5], "channel"] = None
    frame = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")], by="channel").to_frame()
    assert row(frame, level="(missing)", arm="A")["n"] == shoppers["channel"].isna()[shoppers["arm"] != "B"].sum()


def test_segments_are_adjusted_by_holm_over_arms_and_levels(shoppers):
    """R> p.adjust(p, "holm"), by hand on the six cells."""
    frame = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")], by="channel").to_frame()
    cells = frame[frame["by"] == "channel"].sort_values("p_value")
    by_hand = np.maximum.accumulate(cells["p_value"].to_numpy() * np.arange(6, 0, -1)).clip(max=1)
    np.testing.assert_allclose(cells["p_adjusted"], by_hand)


def test_return_on_contact_cost_is_profit_over_cost(shoppers):
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Profit("spend", margin=0.4, cost="cost")])
    profit = row(effects.to_frame(), arm="B")["difference"]
    found = effects.returns.set_index("arm").loc["B"]
    assert found["roi"] == pytest.approx(profit / 0.3)
    assert found["roi_low"] < found["roi"] < found["roi_high"]


def test_treatments_are_compared_with_each_other(shoppers):
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")])
    means = shoppers.groupby("arm")["spend"].mean()
    assert effects.between.iloc[0]["difference"] == pytest.approx(means["A"] - means["B"])


def test_missing_outcomes_leave_only_their_own_metric(shoppers):
    shoppers.loc[:9, "spend"] = np.nan
    effects = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend"), Rate("bought")])
    counted = effects.table.groupby("metric")[["n_control", "n_treatment"]].first()
    assert counted.loc["spend"].sum() < counted.loc["bought"].sum()
    assert effects.n_dropped == 10


def test_missing_outcomes_count_as_zero_on_request(shoppers):
    filled = Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")]).to_frame()
    shoppers.loc[shoppers["spend"] == 0, "spend"] = np.nan
    found = Campaign(shoppers, arm="arm", control="none", missing="zero").evaluate([Mean("spend")]).to_frame()
    pd.testing.assert_frame_equal(found, filled)


@given(shift=st.floats(-50, 50), scale=st.floats(0.1, 10))
@settings(max_examples=20)
def test_a_change_of_unit_changes_differences_by_the_unit_alone(shift, scale):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"arm": np.repeat(["c", "t"], 50), "y": rng.normal(size=100)})
    first = Campaign(frame, arm="arm", control="c").evaluate([Mean("y")]).to_frame()
    frame["y"] = shift + scale * frame["y"]
    second = Campaign(frame, arm="arm", control="c").evaluate([Mean("y")]).to_frame()
    columns = ["difference", "ci_low", "ci_high"]
    np.testing.assert_allclose(second[columns], scale * first[columns], rtol=1e-8, atol=1e-10)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_the_interval_excludes_zero_exactly_where_its_p_value_says(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"arm": rng.choice(["c", "t", "u"], 90), "y": rng.normal(size=90)})
    frame.loc[frame["arm"] == "t", "y"] += 0.6
    for _, found in Campaign(frame, arm="arm", control="c").evaluate([Mean("y")]).to_frame().iterrows():
        assert (found["ci_low"] > 0 or found["ci_high"] < 0) == (found["p_adjusted"] < 0.05)


BOUGHT = [Rate("bought")]
REFUSED = {
    "an arm that is not planned": (
        {"planned": {"none": 0.5, "A": 0.5}},
        BOUGHT,
        "The arm 'B' is not in 'planned', which names 'none', 'A'.",
    ),
    "no control": ({"control": "nobody"}, BOUGHT, "No customer is in the control 'nobody'; the arms are"),
    "no such column": ({"arm": "amr"}, BOUGHT, "lacks the column 'amr'."),
    "a negative rate": (
        {},
        [Rate("refund")],
        "Rate('refund') needs 0 and 1, or false and true; the column holds values from -1",
    ),
    "an outcome as covariate": ({"covariates": ["spend"]}, [Mean("spend")], "The covariate 'spend' is an outcome"),
    "text for a boolean": ({}, [Rate("yes")], "Column 'yes' holds text; store it as numbers, or as true and false."),
    "a missing arm": ({"arm": "holes"}, BOUGHT, "Column 'holes' is missing in 3 rows; every customer needs an arm."),
    "no metric": ({}, [], "'metrics' must list metrics"),
    "the same metric twice": ({}, [*BOUGHT, *BOUGHT], "'metrics' names 'bought' twice"),
    "infinite spend": ({}, [Mean("endless")], "Column 'endless' holds infinite values; allowed are finite numbers."),
    "a negative denominator": ({}, [Ratio("spend", "refund")], "The denominator 'refund' of a ratio holds negative"),
    "shares that do not sum to one": ({"planned": {"none": 0.5, "A": 0.2}}, BOUGHT, "'planned' must hold shares"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_input_gets_one_sentence(shoppers, case):
    given_, metrics, sentence = REFUSED[case]
    shoppers["refund"] = -shoppers["bought"]
    shoppers["flat"] = 1.0
    shoppers["yes"] = np.where(shoppers["bought"] == 1, "True", "False")
    shoppers["holes"] = shoppers["arm"].where(shoppers.index > 2)
    shoppers["endless"] = np.where(shoppers.index == 5, np.inf, shoppers["spend"])
    with pytest.raises(InputError) as error:
        Campaign(shoppers, **{"arm": "arm", "control": "none", **given_}).evaluate(metrics)
    assert sentence in str(error.value)


def test_one_customer_in_an_arm_is_refused():
    frame = pd.DataFrame({"arm": ["c"] * 9 + ["t"], "spend": range(10)})
    with pytest.raises(InputError, match=r"The arm 't' holds 1 customer; at least 2 are needed") as error:
        Campaign(frame, arm="arm", control="c").evaluate([Mean("spend")])
    assert error.value.anonymous == "An arm holds 1 customer; at least 2 are needed to estimate an effect."


def test_a_by_column_with_a_level_a_customer_is_refused(shoppers):
    with pytest.raises(InputError, match="'id' has 900 levels; allowed are 50"):
        Campaign(shoppers, arm="arm", control="none").evaluate([Mean("spend")], by="id")


def test_neither_frame_nor_mapping_is_changed(shoppers):
    kept = shoppers.copy()
    planned = {"none": 0.2, "A": 0.4, "B": 0.4}
    Campaign(shoppers, arm="arm", control="none", planned=planned, missing="zero").evaluate([Mean("spend", cap=0.9)])
    pd.testing.assert_frame_equal(shoppers, kept)
    assert planned == {"none": 0.2, "A": 0.4, "B": 0.4}


def test_methods_and_messages_keep_their_template_in_every_table(shoppers):
    """A column of plain text could not be said in Chinese."""
    campaign, metrics = Campaign(shoppers, arm="arm", control="none", covariates=["before"]), [Rate("bought")]
    trust = campaign.trust(metrics, by="channel", placebos=100)
    effects = campaign.evaluate(metrics, by="channel", trust=trust)
    told = [effects.table["method"], effects.interactions["method"], effects.between["method"]]
    told += [trust.to_frame()["method"], trust.to_frame()["message"]]
    assert all(len(column) for column in told)
    assert all(isinstance(text, Message) for column in told for text in column)
