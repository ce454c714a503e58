"""What is said and shown of new customers by channel."""

import numpy as np
import pandas as pd
from shops import orders

import loyalty_kit as lk


def shop() -> lk.Transactions:
    rows, _ = orders("steady", 1_200, 65, 0, np.random.default_rng(1))
    where = np.where(rows["who"] < 12, "fax", np.where(rows["who"] % 2, "<b>web</b>", "shop"))
    rows = rows.assign(where=where)
    return lk.read_transactions(rows, customer="who", time="when", amount="paid", channel="where")


def test_channels_stand_with_their_verdicts():
    value = lk.customer_value(shop(), horizon=13, model="nbd", currency="€")
    found = lk.acquisition(value, {"<b>web</b>": 1.0, "shop": 900.0})
    told = [str(sentence) for sentence in lk.describe(found)]
    assert told[0].startswith("New customers of <b>web</b> bring more than they cost within 13 weeks")
    assert told[1].startswith("New customers of shop do not bring what they cost within 13 weeks")
    page = lk.table(found).as_raw_html()
    assert "<b>web</b>" not in page and "&lt;b&gt;web" in page
    assert "does not pay" in page and "too few came again" in page


def test_without_costs_the_table_says_so():
    found = lk.acquisition(lk.customer_value(shop(), horizon=13, model="nbd"), {})
    assert str(next(iter(lk.describe(found)))).startswith("What a new customer costs is known of no channel")
    assert "no cost given" in lk.table(found).as_raw_html()


def test_a_log_without_channels_says_nothing_of_them():
    assert list(lk.describe(None, "channels")) == []
    assert lk.table(None, "channels") is None


def test_the_first_quarter_holds_old_customers_too():
    days = pd.to_datetime(["2026-01-05", "2026-05-06"])
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"who": np.repeat(np.arange(400), 3), "paid": rng.gamma(5, 4, 1_200)})
    first = np.repeat(days.to_numpy()[rng.integers(0, 2, 400)], 3)
    rows["when"] = first + rng.integers(0, 60, 1_200).astype("timedelta64[D]")
    log = lk.read_transactions(rows, customer="who", time="when", amount="paid")
    page = lk.table(lk.customer_value(log, horizon=6), "parts", part="cohort").as_raw_html()
    assert "2026-Q1 and before" in page and "2026-Q2 and before" not in page
    assert "stands in its first quarter" in page
