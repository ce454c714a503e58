"""What is bought together, against arules; and whether it still is later."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loyalty_kit as lk
from loyalty_kit.customers.baskets.itemsets import baskets_of, frequent

REFERENCE = Path(__file__).parents[2] / "reference/customers"
KNOWN = json.loads((REFERENCE / "associations.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def groceries() -> pd.DataFrame:
    with (REFERENCE / "groceries.csv").open(encoding="utf-8") as file:
        rows = [(order, item.strip()) for order, items in enumerate(csv.reader(file)) for item in items]
    return pd.DataFrame(rows, columns=["order", "item"])


def test_counts_of_itemsets_equal_arules(groceries):
    """R> apriori(Groceries, list(supp = .01, target = "frequent itemsets"))   # arules 1.7.9"""
    baskets = baskets_of(groceries["order"], groceries["item"])
    assert (baskets.orders, len(baskets.items)) == (KNOWN["baskets"], KNOWN["items"])
    sizes = pd.Series([len(items) for items in frequent(baskets, 99, 10)]).value_counts()
    assert {str(size): int(count) for size, count in sizes.items()} == KNOWN["itemsets_supp_01_by_size"]


@pytest.mark.parametrize(
    ("options", "rules"),
    [({}, KNOWN["pairs"]["rules"]), ({"support": 0.001, "least_confidence": 0.8, "longest": 10}, 410)],
    ids=["pairs", "arules' own example"],
)
def test_counts_of_rules_equal_arules(groceries, options, rules):
    assert lk.associations(groceries, order="order", item="item", **options).rules == rules


def test_supports_and_confidences_equal_arules(groceries):
    table = lk.associations(groceries, order="order", item="item").to_frame().set_index(["antecedent", "consequent"])
    for known in KNOWN["pairs"]["top10_by_lift"]:
        row = table.loc[(known["lhs"].strip("{}"), known["rhs"].strip("{}"))]
        assert row["orders"] == known["count"]
        assert row["support"] == pytest.approx(known["support"], abs=1e-10)
        assert row["confidence"] == pytest.approx(known["confidence"], abs=1e-10)
        assert 1 < row["lift"] < known["lift"], "shrunken toward 1"
        assert row["ci_low"] < row["lift"] < row["ci_high"]


def by_hand(lines: pd.DataFrame, least: int) -> dict[tuple[str, ...], int]:
    """Every pair and triple, one order after the other."""
    orders = lines.groupby("order")["item"].agg(set)
    items = sorted(lines["item"].unique())
    sets = [(a,) for a in items] + [(a, b) for a in items for b in items if a < b]
    sets += [(a, b, c) for a, b in sets[len(items) :] for c in items if b < c]
    counts = {chosen: sum(set(chosen) <= held for held in orders) for chosen in sets}
    return {chosen: count for chosen, count in counts.items() if count >= least}


@given(st.lists(st.tuples(st.integers(0, 11), st.sampled_from("abcde")), min_size=1, max_size=60))
def test_sets_are_those_that_a_loop_counts(rows):
    lines = pd.DataFrame(rows, columns=["order", "item"])
    baskets = baskets_of(lines["order"], lines["item"])
    found = {tuple(sorted(baskets.items[list(items)])): n for items, n in frequent(baskets, 2, 3).items()}
    assert found == by_hand(lines, 2)


def simulated(seed: int, orders: int = 4_000) -> pd.DataFrame:
    """Items bought each by itself, but for bread, which takes butter along in half of the orders."""
    rng = np.random.default_rng(seed)
    held = rng.random((orders, 20)) < 0.1
    held[:, 1] |= held[:, 0] & (rng.random(orders) < 0.5)
    order, item = np.nonzero(held)
    names = np.array(["bread", "butter", *(f"item {n}" for n in range(2, 20))])
    times = pd.Timestamp("2026-01-01") + pd.to_timedelta(order * 24 * 300 // orders, unit="h")
    return pd.DataFrame({"order": order, "item": names[item], "time": times})


def test_what_goes_together_is_found_and_nothing_else():
    clear = lk.associations(simulated(1), order="order", item="item", support=0.005, least_confidence=0.01).clear
    assert set(zip(clear["antecedent"], clear["consequent"], strict=True)) == {("bread", "butter"), ("butter", "bread")}


def test_rules_are_tried_on_orders_that_they_were_not_made_of():
    found = lk.associations(simulated(1), order="order", item="item", time="time", at="2026-07-01")
    assert found.n_used + found.n_later == simulated(1)["order"].nunique()
    clear = found.clear
    assert set(clear["held"]) == {"yes"}
    row = clear[clear["antecedent"] == "bread"].iloc[0]
    assert row["later_low"] < row["confidence"] < row["later_high"]


def test_an_item_that_is_sold_no_more_leaves_its_rules_unclear():
    lines = simulated(1)
    lines = lines[(lines["time"] < "2026-07-02") | (lines["item"] != "bread")]
    found = lk.associations(lines, order="order", item="item", time="time", at="2026-07-01").clear
    assert set(found.loc[found["antecedent"] == "bread", "held"]) == {"unclear"}


def test_what_is_lacking_is_said():
    lines = pd.DataFrame({"order": [1], "item": ["a"]})
    with pytest.raises(lk.InputError, match="'at' parts the orders by time; give `time`"):
        lk.associations(lines, order="order", item="item", at="2026-01-01")
    with pytest.raises(lk.InputError, match="The table of lines lacks the column 'itm'; did you mean 'item'?"):
        lk.associations(lines, order="order", item="itm")
