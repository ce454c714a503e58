"""Missing outcomes left open: bounds by hand, as in Horowitz and Manski, and decisions that hold whatever they were."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import loyalty_kit as lk
from loyalty_kit.core.errors import InputError


def people(**columns: list[float | None]) -> pd.DataFrame:
    half = len(next(iter(columns.values()))) // 2
    return pd.DataFrame({"arm": ["none"] * half + ["A"] * half, **columns})


def of_rates(seen: int, bought: tuple[int, int], lost: tuple[int, int]) -> pd.DataFrame:
    """Two arms, each with so many seen, of these so many who bought, and so many without an outcome."""
    parts = [[1.0] * k + [0.0] * (seen - k) + [None] * m for k, m in zip(bought, lost, strict=True)]
    arms = ["none"] * len(parts[0]) + ["A"] * len(parts[1])
    return pd.DataFrame({"arm": arms, "bought": pd.array(parts[0] + parts[1], dtype="Float64")})


def test_bounds_of_a_rate_equal_hand_computation():
    """900 seen and 100 lost an arm; control 90 of 900, A 270 of 900.

    Lowest: A 270/1000 less control 190/1000 = 0.08. Highest: A 370/1000 less control 90/1000 = 0.28. The interval has
    Wald's lower limit of the first and his upper limit of the second.
    """
    frame = of_rates(900, (90, 270), (100, 100))
    found = lk.Campaign(frame, arm="arm", control="none", missing="bounds").evaluate([lk.Rate("bought")])
    row = found.table.iloc[0]
    assert (row["bound_low"], row["bound_high"], row["difference"]) == pytest.approx((0.08, 0.28, 0.18))
    z = stats.norm.isf(0.025)
    low = 0.08 - z * np.sqrt(0.27 * 0.73 / 1000 + 0.19 * 0.81 / 1000)
    high = 0.28 + z * np.sqrt(0.37 * 0.63 / 1000 + 0.09 * 0.91 / 1000)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    assert (found.n_used, found.n_dropped, found.n_units, row["n"]) == (2000, 0, 2000, 2000)
    assert row["procedure"] == "bounds"


def test_bounds_of_a_mean_are_those_of_the_table_filled_by_hand():
    """Filling the file with 0 or 50 by hand and evaluating it gives both ends, errors included."""
    rng = np.random.default_rng(1)
    frame = people(spend=rng.gamma(2, 8, 400).clip(0, 50).tolist())
    frame.loc[rng.choice(400, 30, replace=False), "spend"] = np.nan
    given = {"arm": "arm", "control": "none"}
    row = lk.Campaign(frame, **given, missing="bounds", limits={"spend": (0, 50)}).evaluate([lk.Mean("spend")]).table
    for end, arm, control in (("low", 0.0, 50.0), ("high", 50.0, 0.0)):
        filled = frame.assign(spend=frame["spend"].fillna(frame["arm"].map({"A": arm, "none": control})))
        expected = lk.Campaign(filled, **given).evaluate([lk.Mean("spend")]).table.iloc[0]
        assert row[f"bound_{end}"].iloc[0] == pytest.approx(expected["difference"])
        assert row[f"ci_{end}"].iloc[0] == pytest.approx(expected[f"ci_{end}"])


def test_profit_takes_the_limits_of_its_columns_and_keeps_the_cost_of_contact():
    frame = people(spend=[10.0, 20.0, None, 30.0, 10.0, None, 40.0, 30.0])
    profit = lk.Profit("spend", margin=0.5, cost=1.0)
    found = lk.Campaign(frame, arm="arm", control="none", missing="bounds", limits={"spend": (0, 100)})
    row = found.evaluate([profit]).table.iloc[0]
    assert (row["bound_low"], row["bound_high"]) == pytest.approx((10 - 1 - 20, 22.5 - 1 - 7.5))


def test_whole_metrics_keep_their_estimates_and_segments_get_bounds_of_their_own():
    frame = of_rates(900, (90, 270), (100, 100)).assign(visits=1.0, half=lambda t: np.where(t.index % 2, "x", "y"))
    frame["visits"] = frame["visits"].where(frame.index % 3 > 0, 0.0)
    campaign = lk.Campaign(frame, arm="arm", control="none", missing="bounds")
    found = campaign.evaluate([lk.Rate("visits"), lk.Rate("bought")], by="half").table
    assert found.loc[found["metric"] == "visits", "procedure"].unique().tolist() == ["ordinary"]
    cells = found[(found["metric"] == "bought") & (found["by"] == "half")]
    assert (cells["bound_high"] - cells["bound_low"]).tolist() == pytest.approx([0.2, 0.2])


@pytest.mark.parametrize(
    ("metric", "more", "reason"),
    [
        (lk.Mean("spend"), {}, r"'spend' has no natural limit.*limits=\{'spend': \(0, 500\)\}"),
        (lk.Profit("spend", margin=0.4), {}, "'spend' has no natural limit"),
        (lk.Ratio("spend", "visits"), {}, "'spend/visits' has no worst case"),
        (lk.Quantile("spend", at=0.5), {}, "has no worst case"),
        (lk.Mean("spend"), {"cluster": "store", "limits": {"spend": (0, 9)}}, "with clusters say 'zero' or 'drop'"),
        (lk.Mean("spend"), {"limits": {"spend": (9, 0)}}, "'limits' must name the lowest and highest value"),
    ],
)
def test_what_has_no_worst_case_is_refused_with_the_reason(metric, more, reason):
    frame = people(spend=[1.0, 2.0, None, 3.0, 4.0, 5.0, 6.0, 7.0], visits=[1.0] * 8).assign(store=list("aabbccdd"))
    with pytest.raises(InputError, match=reason):
        lk.Campaign(frame, arm="arm", control="none", missing="bounds", **more).evaluate([metric])


def test_a_decision_holds_at_the_bound_nearest_to_nothing_or_is_left_open():
    few, many = (of_rates(2000, (200, 500), (lost, lost)) for lost in (40, 600))
    decided = []
    for frame in (few, many):
        campaign = lk.Campaign(frame, arm="arm", control="none", missing="bounds")
        decision = lk.decide(campaign.evaluate([lk.Rate("bought")]), metric="bought")
        decided.append((decision.arms["advice"].iloc[0], decision.now["expected_gain"]))
    assert decided[0] == ("roll out", pytest.approx((500 - 240) / 2040))
    assert decided[1][0] == "open"


def test_a_guardrail_is_judged_at_the_worse_bound():
    frame = of_rates(2000, (200, 200), (40, 40))
    campaign = lk.Campaign(frame, arm="arm", control="none", missing="bounds")
    rail = lk.Guardrail(lk.Rate("bought", better="lower"), margin=0.02)
    found = campaign.evaluate([lk.Rate("bought")], guardrails=[rail]).guardrails.to_frame().iloc[0]
    error = np.sqrt(240 / 2040 * 1800 / 2040 / 2040 + 200 / 2040 * 1840 / 2040 / 2040)
    assert found["ci_high"] == pytest.approx(40 / 2040 + stats.norm.isf(0.05) * error)
    assert found["verdict"] == "not settled"


def test_placebos_do_not_take_the_place_of_bounds():
    frame = of_rates(900, (90, 270), (100, 100))
    campaign = lk.Campaign(frame, arm="arm", control="none", missing="bounds")
    trust = campaign.trust([lk.Rate("bought")], placebos=100, rng=1)
    assert campaign.evaluate([lk.Rate("bought")], trust=trust).table["procedure"].tolist() == ["bounds"]
