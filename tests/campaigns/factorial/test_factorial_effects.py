"""Main effects and interactions of crossed factors, against least squares of statsmodels and closed forms."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

import loyalty_kit as lk
from loyalty_kit.campaigns.design.factors import Factors
from loyalty_kit.campaigns.factorial.contrasts import contrasts
from loyalty_kit.core.errors import InputError


def people(n: int = 3000, seed: int = 1) -> pd.DataFrame:
    """Customers of a 2 × 3 design of unequal sizes, with skewed spend."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "subject": rng.choice(["plain", "short"], n, p=[0.6, 0.4]),
            "offer": rng.choice(["none", "5 €", "10 €"], n, p=[0.5, 0.3, 0.2]),
            "before": rng.lognormal(2, 0.5, n),
        }
    )
    chance = 0.15 + 0.05 * (table["subject"] == "short") + 0.04 * (table["offer"] == "10 €")
    table["bought"] = (rng.random(n) < chance).astype(int)
    table["spend"] = table["bought"] * rng.lognormal(2, 0.8, n) * table["before"] / 7
    return table


def campaign(table: pd.DataFrame, **more: object) -> lk.Campaign:
    return lk.Campaign(table, arm=["subject", "offer"], control=["plain", "none"], **more)


def by_hand(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Means of the combinations by least squares with HC2 errors, in the order of the combinations."""
    cell = table["subject"] + " × " + table["offer"]
    names = [f"{s} × {o}" for s in ("plain", "short") for o in ("none", "10 €", "5 €")]
    design = pd.DataFrame({name: (cell == name).astype(float) for name in names})
    return sm.OLS(table[column], design).fit(cov_type="HC2")


MAIN = np.array(
    [[-1, -1, -1, 1, 1, 1], [-1.5, 1.5, 0, -1.5, 1.5, 0], [-1.5, 0, 1.5, -1.5, 0, 1.5]]
) / 3  # fmt: skip
BOTH = np.array([[1, -1, 0, -1, 1, 0], [1, 0, -1, -1, 0, 1]])


def test_effects_and_errors_equal_least_squares_of_the_combinations():
    """statsmodels: OLS of a column a combination, HC2, t_test of the contrasts."""
    table = people()
    found = campaign(table).evaluate([lk.Mean("spend")]).factorial.table
    expected = by_hand(table, "spend").t_test(np.vstack([MAIN, BOTH]))
    assert found["level"].tolist() == ["short", "10 €", "5 €", "short × 10 €", "short × 5 €"]
    assert found["difference"].to_numpy() == pytest.approx(expected.effect)
    assert found["standard_error"].to_numpy() == pytest.approx(expected.sd)


def test_alone_each_effect_of_a_rate_has_the_wald_interval():
    table = people()
    found = campaign(table).evaluate([lk.Rate("bought")], multiple="none").factorial.to_frame()
    cells = table.groupby(["subject", "offer"])["bought"].agg(["mean", "size"])
    cells = cells.loc[[(s, o) for s in ("plain", "short") for o in ("none", "10 €", "5 €")]]
    error = np.sqrt(MAIN[0] ** 2 @ (cells["mean"] * (1 - cells["mean"]) / cells["size"]))
    difference = MAIN[0] @ cells["mean"]
    row = found.iloc[0]
    assert (row["difference"], row["ci_low"]) == pytest.approx((difference, difference - stats.norm.isf(0.025) * error))
    assert row["p_value"] == row["p_adjusted"] == pytest.approx(2 * stats.norm.sf(abs(difference) / error))


def test_of_equal_combinations_two_factors_and_their_interaction_are_independent():
    """The three contrasts of 2 × 2 combinations of one size and variance are orthogonal: Šidák's p."""
    values = np.tile([0.0, 1.0, 2.0, 3.0, 10.0], 40)
    table = pd.concat(
        pd.DataFrame({"a": a, "b": b, "spend": values + 0.4 * (a == "yes") + 0.1 * (b == "yes")})
        for a in ("no", "yes")
        for b in ("no", "yes")
    )
    found = lk.Campaign(table, arm=["a", "b"], control=["no", "no"]).evaluate([lk.Mean("spend")]).factorial.to_frame()
    assert found["difference"].tolist() == pytest.approx([0.4, 0.1, 0.0])
    assert found["p_adjusted"].to_numpy() == pytest.approx(1 - (1 - found["p_value"].to_numpy()) ** 3, abs=1e-6)
    assert found["n"].tolist() == [800, 800, 800]


def test_intervals_exclude_zero_just_where_the_adjusted_p_is_small():
    found = campaign(people(6000)).evaluate([lk.Rate("bought"), lk.Mean("spend")]).factorial.to_frame()
    excluded = (found["ci_low"] > 0) | (found["ci_high"] < 0)
    assert (excluded == (found["p_adjusted"] <= 0.05)).all()
    assert excluded.any()
    assert not excluded.all()


def test_few_events_give_the_interval_of_price_and_bonett():
    """With two combinations it is that of Agresti and Caffo (2000): 1/42 against 4/42, worked by hand."""
    table = pd.DataFrame({"a": ["no"] * 80 + ["yes"] * 80, "b": (["no"] * 40 + ["yes"] * 40) * 2, "bought": 0}).assign(
        bought=lambda t: ((t["a"] == "yes") & (t.index % 14 == 0)).astype(int)
    )
    found = lk.Campaign(table, arm=["a", "b"], control=["no", "no"])
    row = found.evaluate([lk.Rate("bought")], multiple="none").factorial.to_frame().iloc[0]
    events = table.groupby(["a", "b"])["bought"].sum().to_numpy()
    rate = (events + 0.5) / 41
    center = rate @ [-0.5, -0.5, 0.5, 0.5]
    half = stats.norm.isf(0.025) * np.sqrt((0.25 * rate * (1 - rate) / 41).sum())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((center - half, center + half))
    assert row["method"] == "Price–Bonett"


def test_covariates_sharpen_the_effects_and_every_customer_stays():
    table = people()
    table.loc[::7, "before"] = np.nan
    table["spend"] += people()["before"]
    plain = campaign(table).evaluate([lk.Mean("spend")]).factorial
    sharp = campaign(table, covariates=["before"]).evaluate([lk.Mean("spend")]).factorial
    assert sharp.table["kind"].unique().tolist() == ["adjusted"]
    assert (sharp.table["standard_error"] < plain.table["standard_error"]).all()
    assert sharp.table["n"].iloc[0] == plain.table["n"].iloc[0] == len(table)


def test_levels_are_found_whatever_their_type_and_the_combinations_are_the_arms():
    table = people().assign(
        subject=lambda t: t["subject"] == "short", offer=lambda t: t["offer"].map(len).astype(float)
    )
    found = lk.Campaign(table, arm=["subject", "offer"], control=[False, 4])
    assert list(found.sizes) == ["FALSE × 4", "FALSE × 3", "TRUE × 4", "TRUE × 3"]
    planned = {(False, 4): 0.5, ("TRUE", "4"): 0.2, (True, 3): 0.2, (0, 3.0): 0.1}
    same = lk.Campaign(table, arm=["subject", "offer"], control=["0", 4], planned=planned)
    assert same.planned["FALSE × 3"] == 0.1


def test_levels_written_in_several_ways_are_one_and_are_said_and_called_by_their_labels():
    table = people(400)
    table.loc[:9, "subject"] = " Short "
    known = campaign(table, labels={"short": "Short subject"})
    found = known.evaluate([lk.Rate("bought")])
    assert set(known.sizes) == {f"{s} × {o}" for s in ("plain", "short") for o in ("none", "5 €", "10 €")}
    assert "The arm 'short' is written in 2 ways; these count as one." in found.warnings
    assert "Short subject × 5 € and plain × none" in str(lk.describe(found))


def test_an_interaction_without_an_interval_is_said_not_to_be_told_with_the_reason():
    """One combination with one known outcome, an outcome that is the same for everybody, a ratio without denominator.

    What does not rest on that combination is as it would be among the customers of the others alone.
    """
    table = people(400).assign(same=1.0, orders=1.0)
    lonely = (table["subject"] == "short") & (table["offer"] == "5 €")
    alone = table.assign(spend=table["spend"].where(~lonely | (lonely.cumsum() == 1)))
    found = campaign(alone, missing="drop").evaluate([lk.Mean("spend"), lk.Mean("same")]).factorial
    pair = found.table.set_index(["metric", "level"])["way"]
    assert pair["spend", "short × 5 €"] == "none" and pair["spend", "short × 10 €"] != "none"
    rest = campaign(table[table["offer"] != "5 €"]).evaluate([lk.Mean("spend")], multiple="none").factorial.table
    own = campaign(alone, missing="drop").evaluate([lk.Mean("spend")], multiple="none").factorial.table
    columns, both = ["difference", "ci_low", "ci_high", "p_value"], ["10 €", "short × 10 €"]
    expected = rest.set_index("level").loc[both, columns]
    pd.testing.assert_frame_equal(own.set_index("level").loc[both, columns], expected)
    said = str(lk.describe(found))
    few = "A combination holds fewer than two customers: too few for an interval."
    assert f"spend: whether the factors act apart cannot be told (short × 5 €). {few}" in said
    assert "same: whether the factors act apart cannot be told (short × 10 €" in said
    divided = table.assign(orders=np.where(lonely, 0.0, table["orders"]))
    said = str(lk.describe(campaign(divided).evaluate([lk.Ratio("spend", "orders")]).factorial))
    assert "(short × 5 €). 'orders' is 0 throughout a combination: nothing to divide by." in said


def test_three_factors_have_three_interactions_averaged_over_the_third():
    two = Factors(("a", "b", "c"), (("0", "1"),) * 3)
    found = contrasts(two)
    assert [one.texts[0] for one in found] == ["a", "b", "c", "a × b", "a × c", "b × c"]
    signs = np.array([[int(level) * 2 - 1 for level in cell.split(" × ")] for cell in two.cells])
    assert found[0].weights == pytest.approx(signs[:, 0] / 4)
    assert found[3].weights == pytest.approx(signs[:, 0] * signs[:, 1] / 2)


def test_the_ways_round_several_factors_are_refused_with_a_reason():
    table = people(200)
    with pytest.raises(InputError, match="A combination names a level of each factor, as 'plain' and 'none'|as \\["):
        lk.Campaign(table, arm=["subject", "offer"], control="plain")
    with pytest.raises(InputError, match="The factor 'only' holds a single level"):
        lk.Campaign(table.assign(only="a"), arm=["subject", "only"], control=["plain", "a"])
    with pytest.raises(InputError, match="'before' holds 200 levels; at most 50"):
        lk.Campaign(table, arm=["subject", "before"], control=["plain", 1])
    with pytest.raises(InputError, match="two or more different factors"):
        lk.Campaign(table, arm=["subject"], control=["plain"])
    left = table[~((table["subject"] == "short") & (table["offer"] == "5 €"))]
    with pytest.raises(InputError, match="No customer is in the combination 'short × 5 €'"):
        campaign(left).evaluate([lk.Rate("bought")])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "most"), [(lk.Mean("spend"), 0.05), (lk.Rate("bought"), 0.05)], ids=["mean", "rate"]
)
def test_any_false_alarm_among_all_effects_is_as_rare_as_is_promised(metric, most):
    """2,000 campaigns of 3,000 customers without any effect, 2 × 3 combinations of unequal sizes.

    At least one of five effects is called in 5 % of campaigns; the Monte Carlo error is 0.5 points, and three of these
    are allowed on either side (a skewed mean calls somewhat less).
    """
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(2000):
        table = people(3000, seed=int(rng.integers(2**31)))
        table["bought"] = (rng.random(3000) < 0.15).astype(int)
        table["spend"] = table["bought"] * rng.lognormal(2, 0.8, 3000)
        found = campaign(table).evaluate([metric]).factorial.to_frame()
        alarms += int((found["p_adjusted"] <= 0.05).any())
    assert alarms / 2000 == pytest.approx(most, abs=0.015)
