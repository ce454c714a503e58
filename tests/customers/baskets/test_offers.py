"""Next best offers: who is open to one, counted by hand, and whether it was bought later."""

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk
from loyalty_kit.customers.rfm.scoring import SEGMENTS

NAMES = {"customer": "who", "time": "when", "amount": "paid", "order": "order", "category": "item"}


def shop(orders: int = 6_000, later: float = 0.0) -> lk.Transactions:
    """Bread takes butter along in half of the orders; who had bread before then buys butter more often, by `later`."""
    rng = np.random.default_rng(1)
    who, day = rng.integers(0, 2_000, orders), np.arange(orders) * 300 // orders
    held = rng.random((orders, 5)) < 0.08
    held[:, 1] |= held[:, 0] & (rng.random(orders) < 0.5)
    had = np.isin(who, who[(day <= 200) & held[:, 0]])
    held[:, 1] |= (day > 200) & had & (rng.random(orders) < later)
    order, item = np.nonzero(held)
    rows = {"who": who[order], "order": order, "item": np.array(["bread", "butter", "wine", "soap", "tea"])[item]}
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(day[order], unit="D")
    return lk.read_transactions(pd.DataFrame(rows).assign(when=when, paid=1.0), **NAMES)


@pytest.fixture(scope="module")
def log() -> lk.Transactions:
    return shop()


def offered(log: lk.Transactions) -> lk.results.OffersResult:
    baskets = lk.associations(log, at="2026-07-20")
    return lk.next_best_offer(log, baskets, lk.rfm(log), before=lk.rfm(log, at="2026-07-20"))


def test_customers_are_those_who_have_the_one_and_never_bought_the_other(log):
    result = offered(log).to_frame().set_index("segment")
    found = lk.rfm(log)
    bought = found.ledger.purchases
    ids = found.ledger.ids.to_numpy()[bought.customer[bought.starts]]
    segment = pd.Series(np.array(SEGMENTS)[found.positions], index=ids)
    frame = log.frame.to_native()
    owned = frame.groupby(frame["who"].astype(str))["item"].agg(set)
    for name, row in result.iterrows():
        inside = owned[segment.index[segment == name]]
        by_hand = sum(row["because"] in items and row["offer"] not in items for items in inside)
        assert row["customers"] == by_hand
        assert row["share"] == pytest.approx(by_hand / len(inside))
    assert {"bread", "butter"} >= set(result["offer"])


def test_an_offer_that_is_bought_later_anyway_says_so():
    table = offered(shop(later=0.4)).to_frame()
    butter = table[table["offer"] == "butter"]
    assert (butter["verdict"] == "yes").all() and (butter["bought"] > butter["others_bought"]).all()
    assert (butter["ci_low"] > 0).all()


def test_without_an_earlier_date_nothing_is_tried(log):
    table = lk.next_best_offer(log, lk.associations(log), lk.rfm(log)).to_frame()
    assert set(table["verdict"]) == {""} and table["bought"].isna().all()


def test_what_makes_no_offer_is_said(log):
    baskets = lk.associations(log)
    plain = lk.read_transactions(log.frame.to_native(), customer="who", time="when", amount="paid")
    with pytest.raises(lk.TooLittleError, match="the log names no category"):
        lk.next_best_offer(plain, baskets, lk.rfm(plain))
    rng = np.random.default_rng(1)
    order, item = np.nonzero(rng.random((500, 5)) < 0.2)
    alone = lk.associations(pd.DataFrame({"order": order, "item": item}), order="order", item="item")
    with pytest.raises(lk.TooLittleError, match="more than chance, so none makes an offer"):
        lk.next_best_offer(log, alone, lk.rfm(log))
    with pytest.raises(lk.InputError, match="Offers need a log and its rules"):
        lk.next_best_offer(baskets, log, lk.rfm(log))
