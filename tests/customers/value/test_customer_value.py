"""The value of customers: forecast, holdout, dropout and what is refused, on CDNOW, Online Retail and odd logs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cdnow import CUT, log
from shops import orders

import loyalty_kit as lk
from loyalty_kit.customers.value import holdout
from loyalty_kit.customers.value.forecast import correction_of
from loyalty_kit.customers.value.models.known import MODELS

ROOT = Path(__file__).parents[3]


def read(table: pd.DataFrame, **options) -> lk.Transactions:
    return lk.read_transactions(table, customer="who", time="when", amount="paid", **options)


def days(counts: list[int], weeks: float, seed: int = 1) -> pd.DataFrame:
    """Customers with so many orders each, spread over some weeks."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(len(counts)), counts)
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, int(weeks * 7), len(who)), unit="D")
    return pd.DataFrame({"who": who, "when": when, "paid": rng.gamma(6, 4, len(who))})


@pytest.fixture(scope="module")
def cdnow():
    return lk.customer_value(log("cds"), horizon=39, holdout=CUT, model="pareto_nbd", margin=0.4, discount=0.1)


@pytest.fixture(scope="module")
def retail():
    file = ROOT / "data/online_retail/orders.parquet"
    return lk.customer_value(
        lk.read_transactions(file, customer="customer", time="time", amount="amount", order="order"), horizon=13
    )


@pytest.fixture(scope="module")
def growing():
    table, _ = orders("grows", 1_000, 65, 13, np.random.default_rng(3))
    return table


def test_the_holdout_of_cdnow_is_that_of_btyd(cdnow):
    """Pareto/NBD says 1,666 (BTYD 2.4.3); with chance 1,431 to 1,982; there were 1,882, within it."""
    total = cdnow.holdout().iloc[0]
    assert total["predicted"] == pytest.approx(1665.51, abs=0.02)
    assert total["actual"] == 1882
    assert total["ci_low"] == pytest.approx(1431, abs=30)
    assert total["ci_high"] == pytest.approx(1982, abs=60)
    assert not cdnow.calibrated
    assert cdnow.total()["basis"].tolist() == ["parameters and chance"]


def test_parts_of_the_holdout_come_to_its_whole(cdnow):
    table = cdnow.holdout()
    whole = table.iloc[0]
    for by in ("earlier", "week"):
        part = table[table["by"] == by]
        assert part["predicted"].sum() == pytest.approx(whole["predicted"], rel=1e-9)
        assert part["actual"].sum() == whole["actual"]
    assert table.loc[table["by"] == "earlier", "customers"].sum() == 2357


def test_figures_of_customers_come_to_the_total(cdnow, tmp_path):
    count = cdnow.customers(tmp_path / "own.csv")
    written = pd.read_csv(tmp_path / "own.csv")
    (total,) = cdnow.total().to_dict("records")
    assert count == len(written) == cdnow.n_used == 2357
    assert written[["purchases", "revenue"]].sum().tolist() == pytest.approx([total["purchases"], total["revenue"]])
    assert (written["alive_low"] <= written["alive"]).all() and (written["alive"] <= written["alive_high"]).all()
    with pytest.raises(lk.InputError, match="is there already"):
        cdnow.customers(tmp_path / "own.csv")


def test_margin_is_discounted_revenue(cdnow):
    """Money that comes evenly over 39 weeks at 10 % a year is worth 96.5 %; what comes sooner more."""
    (total,) = cdnow.total().to_dict("records")
    assert 0.965 < total["margin"] / (0.4 * total["revenue"]) < 0.975


def test_online_retail_shows_no_dropout(retail, tmp_path):
    assert not retail.dropout()["seen"].any()
    assert retail.used == "nbd"
    assert retail.models()["alive"].isna().all()
    assert str(retail.warnings[0]).startswith("No dropout can be seen in this log: P(alive) and lifetime")
    retail.customers(tmp_path / "own.csv")
    assert "alive" not in pd.read_csv(tmp_path / "own.csv", nrows=1)


def test_rolling_cuts_tell_what_one_holdout_hides(retail):
    """1.05, 1.02, .97, .78, .76: the autumn season enters the horizon."""
    cuts = ["2011-05-31", "2011-06-30", "2011-07-31", "2011-08-31", "2011-09-09"]
    table = retail.rolling(cuts=cuts, weeks=13)
    assert list(table) == ["cut", "weeks", "predicted", "ci_low", "ci_high", "actual", "ratio"]
    assert table["cut"].tolist() == cuts
    assert table["ratio"].round(2).tolist() == [1.05, 1.02, 0.97, 0.78, 0.76]


def test_a_holdout_outside_its_interval_calibrates_and_widens(retail):
    (total,) = retail.total().to_dict("records")
    plain = retail.models().query("used")["total"].item()
    held = retail.holdout().iloc[0]
    assert retail.ratio == pytest.approx(held["predicted"] / held["actual"])
    assert total["purchases"] == pytest.approx(plain / retail.ratio)
    assert total["basis"] == "parameters, chance and holdout"
    assert total["ci_low"] < plain < total["ci_high"]
    assert any("are multiplied by 1.32" in str(text) for text in retail.warnings)


def test_columns_are_those_of_the_contract(cdnow):
    assert list(cdnow.total()) == ["horizon", "purchases", "revenue", "margin", "ci_low", "ci_high", "basis"]
    assert list(cdnow.dropout()) == ["model", "gain", "p", "seen"]
    assert list(cdnow.models()) == ["model", "log_score", "total", "alive", "used"]
    assert cdnow.dropout()["seen"].all()
    assert [one.name for one in cdnow.estimates()] == ["purchases", "revenue", "margin"]


def test_the_same_seed_gives_the_same_figures(growing):
    one, two = (lk.customer_value(read(growing), horizon=13, rng=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.amounts, two.amounts)


def test_only_one_time_buyers_are_refused():
    with pytest.raises(lk.TooLittleError, match="No customer bought on two days; repeat buying cannot be estimated."):
        lk.customer_value(read(days([1] * 300, 52)), horizon=8)


def test_a_few_customers_are_refused_with_the_number():
    with pytest.raises(lk.TooLittleError, match="Of 60 customers [0-9]+ bought on two days or more; .* needs 100"):
        lk.customer_value(read(days([4] * 60, 9)), horizon=4)


def test_a_history_under_two_median_gaps_is_refused():
    when = ["2026-01-01"] * 120 + ["2026-03-01"] * 120
    table = pd.DataFrame({"who": [*range(120)] * 2, "when": pd.to_datetime(when), "paid": 9.0})
    with pytest.raises(lk.TooLittleError, match="covers 8.4 weeks, and half of the gaps .* longer than 8.4; .* 16.9"):
        lk.customer_value(read(table), horizon=4)


def test_a_horizon_beyond_the_history_is_refused(growing):
    with pytest.raises(lk.InputError, match="'horizon' is 80 weeks, and the log covers 6.*: horizon=64"):
        lk.customer_value(read(growing), horizon=80)


@pytest.mark.parametrize("holdout", ["1990-01-01", "2031-01-01", 0, 400])
def test_a_holdout_outside_the_log_is_refused(growing, holdout):
    with pytest.raises(lk.InputError, match="'holdout' must begin a week or more before the log's last day"):
        lk.customer_value(read(growing), horizon=13, holdout=holdout)


def test_text_that_is_no_date_is_refused(growing):
    with pytest.raises(lk.InputError, match="must be a date as '2026-11-30'; got 'autumn'"):
        lk.customer_value(read(growing), horizon=13, holdout="autumn")


def test_a_model_at_its_edge_is_refused_by_name():
    rng = np.random.default_rng(2)
    table = days(rng.poisson(rng.gamma(2, 2, 800)).tolist(), 52)
    log_ = read(table)
    found = lk.customer_value(log_, horizon=8)
    away = [name for name, fitted in found.fitted.items() if fitted.edge]
    assert away
    with pytest.raises(lk.TooLittleError, match="cannot be fitted to this log: its parameter .* ran to the edge"):
        lk.customer_value(log_, horizon=8, model=away[0])


def test_discount_needs_a_margin(growing):
    with pytest.raises(lk.InputError, match="beside a 'margin'"):
        lk.customer_value(read(growing), horizon=13, discount=0.1)


def test_equal_amounts_are_said(growing):
    found = lk.customer_value(read(growing.assign(paid=20.0)), horizon=13)
    assert any("Every repeat day came to 20.00" in str(text) for text in found.warnings)
    (total,) = found.total().to_dict("records")
    assert total["revenue"] == pytest.approx(20 * total["purchases"])


def test_refunds_larger_than_purchases_and_odd_ids_leave_the_forecast(growing):
    """Ids as floats are those of whole numbers; refunds are said, and no purchases."""
    back = growing.head(50).assign(paid=-500.0)
    one = lk.customer_value(read(growing), horizon=13)
    two = lk.customer_value(read(pd.concat([growing, back]).assign(who=lambda t: t["who"].astype(float))), horizon=13)
    assert two.total()["purchases"].item() == pytest.approx(one.total()["purchases"].item())
    assert any("refunds" in str(text) for text in two.warnings)


def test_many_one_time_buyers_get_the_range_over_models():
    """95 % buy once: the models that do as well in the holdout are named with their totals."""
    rng = np.random.default_rng(5)
    again = rng.random(6_000) < 0.05
    table = days((1 + again * (1 + rng.poisson(3, 6_000))).tolist(), 52)
    found = lk.customer_value(read(table), horizon=13)
    assert found.n_repeat / found.n_used < 0.06
    totals = found.models()["total"].dropna()
    assert totals.min() > 0


def past(*windows: tuple[float, float, float, int]) -> pd.DataFrame:
    table = pd.DataFrame(windows, columns=["predicted", "ci_low", "ci_high", "actual"])
    return table.assign(ratio=table["predicted"] / table["actual"])


def test_a_forecast_that_came_true_is_left_alone():
    windows = [(100.0, 80.0, 120.0, 100)] * 4 + [(100.0, 80.0, 120.0, 85)]
    assert correction_of(past(*windows), 0.95) == (1.0, 0.0)


def test_a_shop_that_grows_steadily_is_corrected_by_its_last_ratio():
    windows = [(100.0, 90.0, 110.0, 150)] * 5
    assert correction_of(past(*windows), 0.95) == pytest.approx((1.5, np.log(1.5)))


def test_a_season_widens_by_what_it_turns_beyond_chance():
    """Ratios of windows that follow each other: 1, 1 / 1.5, 1; half-way cuts lie between."""
    windows = [(100.0, 98.0, 102.0, actual) for actual in (100, 122, 150, 122, 100)]
    factor, off = correction_of(past(*windows), 0.95)
    error = 2 * (0.02 / 1.959964) ** 2
    assert factor == 1.0
    assert off == pytest.approx(np.sqrt(np.mean([np.log(1.5) ** 2, 0, np.log(1.5) ** 2]) - error), rel=1e-6)


@pytest.mark.parametrize("part", ["cohort", "labels"])
def test_parts_of_the_value_come_to_the_whole(cdnow, part):
    labels = pd.Series(["a", "b", "c"] * 800, index=range(1, 2401))
    table = cdnow.by(labels if part == "labels" else part)
    told = cdnow.amounts.set_index("measure")
    assert table["purchases"].sum() == pytest.approx(told.loc["purchases", "estimate"])
    assert table["revenue"].sum() == pytest.approx(told.loc["revenue", "estimate"])
    assert table["customers"].sum() == cdnow.n_used and table["revenue_share"].sum() == pytest.approx(1)
    assert (table["ci_low"] < table["revenue"]).all() and (table["revenue"] < table["ci_high"]).all()


def test_customers_without_a_label_have_a_part_of_their_own(cdnow):
    table = cdnow.by(pd.Series("a", index=range(1, 1001))).set_index("level")
    assert set(table.index) == {"", "a"} and table["customers"].sum() == cdnow.n_used


def test_parts_that_cannot_be_told_give_a_sentence(cdnow):
    with pytest.raises(lk.InputError, match="names no customer of the log"):
        cdnow.by(pd.Series("a", index=["x", "y"]))
    with pytest.raises(lk.InputError, match="holds a customer twice"):
        cdnow.by(pd.Series("a", index=[1, 1]))
    with pytest.raises(lk.InputError, match="names no column of the channel"):
        cdnow.by("channel")
    with pytest.raises(lk.InputError, match="'part' must be one of"):
        cdnow.by("city")


def test_levels_of_few_customers_go_together(cdnow):
    labels = pd.Series(["a"] * 1_000 + ["b"] * 600 + ["c"] * 2 + ["d"] * 755, index=range(1, 2358))
    table = cdnow.by(labels).set_index("level")
    assert dict(table["customers"]) == {"a": 1_000, "d": 755, "few": 602}
    assert set(cdnow.by(labels, min_cell=2)["level"]) == {"a", "b", "c", "d"}


def test_concentration_is_that_of_what_each_is_expected_to_bring(cdnow, tmp_path):
    cdnow.customers(tmp_path / "own.csv")
    each = np.sort(pd.read_csv(tmp_path / "own.csv")["revenue"])[::-1]
    told = cdnow.concentration(top=0.2).to_frame().set_index("measure")
    top = int(np.ceil(0.2 * len(each)))
    assert told.loc["top_share", "estimate"] == pytest.approx(each[:top].sum() / each.sum())
    gini = np.abs(each[:, None] - each).mean() / (2 * each.mean())
    assert told.loc["gini", "estimate"] == pytest.approx(gini)


def test_figures_without_a_reseller_stand_beside_those_with_one(growing):
    """A customer of every day who brings a third of all revenue."""
    every = pd.date_range(growing["when"].min(), growing["when"].max())
    own = growing["paid"].sum() / 2 / len(every)
    found = lk.customer_value(
        read(pd.concat([growing, pd.DataFrame({"who": 99_999, "when": every, "paid": own})])), horizon=13
    )
    assert found.largest_share == pytest.approx(1 / 3)
    assert any("One customer brought 33% of the revenue so far" in str(text) for text in found.warnings)
    table = found.largest().set_index("level")
    lost = (table.loc["all"] - table.loc["without_largest"])[["customers", "purchases"]]
    assert lost["customers"] == 1
    # 91 days, drawn somewhat towards the others.
    assert 75 < lost["purchases"] / found.factor < 91


def test_season_and_trend_of_the_shop_are_codes(cdnow, growing):
    assert (cdnow.season, cdnow.trend) == ("unknown", "cohort")
    assert list(cdnow.shop()) == ["measure", "estimate", "ci_low", "ci_high", "verdict"]


@pytest.mark.parametrize(("model", "said"), [("bg_bb", "BG/BB takes occasions"), ("sbg", "sBG takes contracts")])
def test_models_of_occasions_and_contracts_are_refused_for_orders_by_name(growing, model, said):
    with pytest.raises(lk.InputError, match=said):
        lk.customer_value(read(growing), horizon=13, model=model)


def test_refunds_of_no_single_purchase_lower_revenue_where_the_log_is_read_net():
    """300 customers each give back 5 once, which is no purchase's amount: a share of all that is bought."""
    rows = days([6] * 300, 60)
    back = pd.DataFrame({"who": range(300), "when": pd.Timestamp("2026-02-20"), "paid": -5.0})
    both = pd.concat([rows, back], ignore_index=True)
    apart, net = (lk.customer_value(read(both, refunds=how), horizon=8, margin=0.5) for how in ("separate", "net"))
    kept = 1 - 1500 / rows["paid"].sum()
    told = [found.amounts.set_index("measure")["estimate"] for found in (apart, net)]
    assert (told[1] / told[0]).tolist() == pytest.approx([1.0, kept, kept])
    assert net.by("cohort")["revenue"].sum() == pytest.approx(told[1]["revenue"])
    assert "are not taken off" in str(apart.warnings) and "are taken off all revenue ahead alike" in str(net.warnings)


@pytest.mark.parametrize("weeks", [0, -3, 2.5, 1000])
def test_windows_that_the_log_cannot_hold_give_a_sentence(cdnow, weeks):
    with pytest.raises((lk.InputError, lk.TooLittleError)):
        cdnow.rolling(weeks=weeks)


def test_a_part_of_very_many_customers_tells_nearly_what_all_do(growing, monkeypatch):
    found = lk.customer_value(read(growing), horizon=13)
    monkeypatch.setattr(holdout, "MANY", 500)
    part = found.rolling(weeks=13)
    assert part["actual"].tolist() == found.past["actual"].tolist()
    assert (part["predicted"] / found.past["predicted"]).tolist() == pytest.approx([1.0] * len(part), abs=0.15)


def test_the_discount_weighs_time_by_money_not_by_purchases(cdnow):
    """By hand, a customer at a time: what each is to spend in twelfths of the horizon, worth less at their middles."""
    forecast = cdnow.forecast
    model, p, histories = MODELS["pareto_nbd"], forecast.fitted.parameters, forecast.histories
    past = [part.astype(float) for part in (histories.x, histories.t_x / 7, histories.T / 7)]
    ends = np.linspace(0, 39, 13)
    reached = np.array([np.zeros(len(past[0])), *(model.expected(p, end, *past) for end in ends[1:])])
    money = np.diff(reached, axis=0) @ forecast.spending.expected(past[0], histories.z)
    worth = 1.1 ** -((ends[1:] + ends[:-1]) / 2 / (365.25 / 7))
    assert forecast.discounted(0.1) == pytest.approx(money @ worth / money.sum(), rel=1e-9)
