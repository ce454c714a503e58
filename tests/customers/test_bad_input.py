"""Logs as they come: what value, churn and life cycle say of each, a test a row of the table of bad input."""

import numpy as np
import pandas as pd
import pytest
from shops import orders

import loyalty_kit as lk

AT = "2025-11-30"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """A sound log of 700 customers over 60 weeks."""
    table, _ = orders("steady", 700, 60, 0, np.random.default_rng(5))
    return table.reset_index(drop=True)


def read(table: pd.DataFrame, **options) -> lk.Transactions:
    return lk.read_transactions(table, customer="who", time="when", amount="paid", **options)


def figures(log: lk.Transactions) -> tuple[float, float, list[int]]:
    """What the three say: purchases ahead, area of who stays away, customers by stage."""
    value = lk.customer_value(log, horizon=8, model="bg_nbd")
    churned = lk.churn(log, at=AT, horizon=84)
    stages = lk.lifecycle(log, period=84).to_frame()["customers"].tolist()
    return value.total()["purchases"].item(), churned.auc, stages


@pytest.fixture(scope="module")
def sound(rows) -> tuple[float, float, list[int]]:
    return figures(read(rows))


def outcome(log: lk.Transactions, name: str) -> tuple[str, str]:
    table = log.check(at=pd.Timestamp("2026-06-30").date()).table.set_index("check")
    return table.loc[name, "outcome"], str(table.loc[name, "message"])


def test_a_purchase_and_its_refund_count_nowhere_under_net(rows, sound):
    """30 customers buy once more and give it back within the hour: all figures are those without them."""
    more = pd.DataFrame({"who": np.arange(30), "when": pd.Timestamp("2025-12-20 10:00"), "paid": 999.0})
    back = more.assign(when=more["when"] + pd.Timedelta(minutes=50), paid=-999.0)
    found = figures(read(pd.concat([rows, more, back]), refunds="net"))
    assert found[:2] == pytest.approx(sound[:2])
    assert found[2] == sound[2]


def test_a_refund_without_a_purchase_is_a_warning(rows):
    alone = pd.DataFrame({"who": ["new"], "when": pd.Timestamp("2025-12-20"), "paid": -5.0})
    log = read(pd.concat([rows.assign(who=rows["who"].astype(str)), alone]), refunds="net")
    assert outcome(log, "unpaid") == ("warn", "1 refunds have no earlier purchase of their customer in the log.")
    value = lk.customer_value(log, horizon=8, model="bg_nbd")
    assert any("Customers who never paid anything" in str(text) for text in value.warnings)


def test_one_time_buyers_alone_have_no_value_but_stages(rows):
    log = read(rows.drop_duplicates("who"))
    with pytest.raises(lk.TooLittleError, match="No customer bought on two days; repeat buying cannot be estimated."):
        lk.customer_value(log, horizon=8)
    with pytest.raises(lk.TooLittleError):
        lk.churn(log, at="2025-05-01", horizon=60)
    life = lk.lifecycle(log, period=60)
    assert life.metrics.set_index("metric").loc["repeat_rate", "estimate"] == 0
    assert life.to_frame()["customers"].sum() == 700
    assert lk.retention(log).pooled()["active"].iloc[1:].eq(0).all()


def test_nearly_all_one_time_buyers_show_the_range_over_models(rows):
    """93 % once: models differ more than their intervals, and the range is said."""
    once = pd.DataFrame({"who": np.arange(1_000, 9_000), "paid": 20.0})
    once["when"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(8_000) % 400, unit="D")
    found = lk.customer_value(read(pd.concat([rows, once])), horizon=8)
    assert found.n_repeat / found.n_used < 0.07
    totals = found.models().dropna(subset="total")["total"]
    assert totals.max() > 1.05 * totals.min()
    equal = [one for one in found.warnings if str(one).startswith("Models that did as well")]
    assert len(equal) == (len(found.equal) > 1)


def test_where_nobody_leaves_no_chance_to_be_there_is_written(tmp_path):
    rng = np.random.default_rng(3)
    rate, rows = rng.gamma(1.0, size=400) / 8, []
    for who in range(400):
        days = np.flatnonzero(rng.random(420) < -np.expm1(-rate[who] / 7))
        rows += [(who, day) for day in {0, *days.tolist()}]
    table = pd.DataFrame(rows, columns=["who", "day"])
    table["when"] = pd.Timestamp("2025-01-01") + pd.to_timedelta(table["day"], unit="D")
    found = lk.customer_value(read(table.assign(paid=9.0 + table["day"] % 7)), horizon=8)
    assert not found.dropout_seen
    found.customers(tmp_path / "own.csv")
    assert "alive" not in pd.read_csv(tmp_path / "own.csv")


def test_a_few_customers_are_refused_with_their_number(rows):
    few = read(rows[rows["who"] < 40])
    with pytest.raises(lk.TooLittleError, match="Of 40 customers [0-9]+ bought on two days or more; .* needs 100"):
        lk.customer_value(few, horizon=8)
    with pytest.raises(lk.TooLittleError):
        lk.churn(few, at=AT, horizon=84)


@pytest.mark.parametrize(("day", "name"), [("2126-03-01", "future"), ("1970-01-01", "early")])
def test_a_date_of_another_century_fails_and_stops_the_forecast(rows, day, name):
    wrong = pd.concat([rows, rows.tail(1).assign(when=pd.Timestamp(day))])
    assert outcome(read(wrong), name)[0] == "fail"
    with pytest.raises(lk.InputError, match="holds no purchase"):
        lk.customer_value(read(wrong), horizon=8)


def test_rows_that_repeat_are_said_and_kept(rows):
    """By its number an order counts once, whatever its rows: purchases stay, the amount does not."""
    numbered = rows.assign(number=np.arange(len(rows)))
    twice = read(pd.concat([numbered, numbered.head(50)]), order="number")
    assert outcome(twice, "repeated")[0] == "warn"
    one, two = (log.ledger().by_customer() for log in (read(numbered, order="number"), twice))
    assert one["orders"].sum() == two["orders"].sum()
    assert two["spend"].sum() == pytest.approx(one["spend"].sum() + rows["paid"].head(50).sum())


def test_several_currencies_need_rates(rows, sound):
    mixed = rows.assign(code=np.where(rows.index % 2, "EUR", "GBP"))
    with pytest.raises(lk.InputError, match="holds the currencies 'EUR', 'GBP'; give `rates`"):
        read(mixed, currency="code")
    found = figures(read(mixed, currency="code", rates={"EUR": 1.0, "GBP": 1.0}))
    assert found[:2] == pytest.approx(sound[:2])


def test_days_are_cut_in_the_zone_that_is_named(rows):
    """23:30 in London is the next day in Shanghai; the hour of a summer-time change loses nobody."""
    late = rows.assign(when=(rows["when"] + pd.Timedelta(hours=23, minutes=30)).dt.tz_localize("UTC"))
    own, there = read(late, timezone="UTC").ledger(), read(late, timezone="Asia/Shanghai").ledger()
    assert (there.day.min(), there.day.max()) == (own.day.min() + 1, own.day.max() + 1)
    change = pd.DataFrame({"who": [1, 2], "when": pd.to_datetime(["2025-03-30T00:30Z", "2025-03-30T01:30Z"])})
    assert len(read(change.assign(paid=5.0), timezone="Europe/London").ledger().purchases.day) == 2


def test_rows_without_a_customer_are_nobody(rows, sound):
    lost = pd.DataFrame({"who": [None] * 900, "when": pd.Timestamp("2025-06-01"), "paid": 40.0})
    log = read(pd.concat([rows.assign(who=rows["who"].astype(object)), lost]))
    assert outcome(log, "customer")[0] == "warn"
    found = figures(log)
    assert found[:2] == pytest.approx(sound[:2])
    assert found[2] == sound[2]


def test_revenue_without_a_customer_is_to_be_looked_at(rows):
    """A tenth of the rows with half of the revenue."""
    lost = pd.DataFrame({"who": [None] * (len(rows) // 10), "when": pd.Timestamp("2025-06-01"), "paid": 200.0})
    assert outcome(read(pd.concat([rows.assign(who=rows["who"].astype(object)), lost])), "customer")[0] == "warn"


def test_a_month_that_is_cut_off_is_not_whole(rows):
    cut = read(rows[rows["when"] < "2025-12-10"])
    assert outcome(cut, "periods")[0] == "warn"
    table = lk.retention(cut).to_frame()
    ends = table.groupby("cohort")["complete"].last()
    assert not ends.any()


def test_a_reseller_is_named_as_a_share_and_stands_aside(rows):
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(0, 420), unit="D")
    reseller = pd.DataFrame({"who": 99_999, "when": days, "paid": 500.0})
    log = read(pd.concat([rows, reseller]))
    assert outcome(log, "largest")[0] == "warn"
    value = lk.customer_value(log, horizon=8, model="nbd")
    assert value.largest_share > 0.5
    assert value.largest()["level"].tolist() == ["all", "without_largest"]
    assert any("One customer brought" in str(text) for text in value.warnings)


def test_ids_as_floats_and_as_text_are_one(rows, sound):
    for ids in (rows["who"].astype(float), rows["who"].astype(str)):
        found = figures(read(rows.assign(who=ids)))
        assert found[:2] == pytest.approx(sound[:2])


def test_equal_amounts_are_said_and_change_nothing_else(rows):
    value = lk.customer_value(read(rows.assign(paid=10.0)), horizon=8, model="bg_nbd")
    assert any("Every repeat day came to 10.00" in str(text) for text in value.warnings)
    churned = lk.churn(read(rows.assign(paid=10.0)), at=AT, horizon=84)
    assert 0.5 < churned.auc < 1
    order = lk.lifecycle(read(rows.assign(paid=10.0)), period=84).metrics.set_index("metric").loc["average_order"]
    assert order["estimate"] == order["ci_low"] == order["ci_high"] == 10


def test_orders_of_nothing_are_no_purchase(rows, sound):
    free = pd.DataFrame({"who": np.arange(50), "when": pd.Timestamp("2025-12-30"), "paid": 0.0})
    found = figures(read(pd.concat([rows, free])))
    assert found[:2] == pytest.approx(sound[:2])
    assert found[2] == sound[2]


def test_a_horizon_beyond_the_log_names_the_longest(rows):
    with pytest.raises(lk.InputError, match="'horizon' is 70 weeks, and the log covers [0-9.]+; .*horizon="):
        lk.customer_value(read(rows), horizon=70)
    with pytest.raises(lk.TooLittleError):
        lk.lifecycle(read(rows), period=300)


def test_a_feature_that_holds_the_outcome_is_refused_and_a_constant_one_left_out(rows):
    log, ids = read(rows), pd.Index(np.arange(700))
    inside = rows["when"].between("2025-06-16", "2025-09-07")
    leak = pd.DataFrame({"came": ids.isin(rows.loc[inside, "who"]).astype(float)}, index=ids)
    with pytest.raises(lk.InputError, match="tells who leaves almost without error"):
        lk.churn(log, at="2025-09-07", horizon=84, features=leak)
    same = lk.churn(log, at=AT, horizon=84, features=leak.assign(came=1.0))
    assert any("'came'" in str(text) for text in same.warnings)
