"""Van Westendorp's analysis: who counts, what is told, what cannot be, and how often its intervals hold the truth."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.pricing.curves import ORIGINAL, crossing, curves_of, expanded_ends, resampled_points
from loyalty_kit.survey.pricing.price_sensitivity import price_sensitivity

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "prices.json").read_text("utf-8"))
FOUR = 'too_cheap = "a", cheap = "b", expensive = "c", too_expensive = "d"'
BOOK = Codebook.parse(f"price = {{ {FOUR} }}")
BUYING = Codebook.parse(
    f"price = {{ {FOUR}, intent_cheap = 'e', intent_expensive = 'f' }}\nresponse = {{ min = 1, max = 5 }}"
)


def survey(n: int, seed: int = 1) -> pd.DataFrame:
    """Prices that rise, in whole numbers, with answers on buying."""
    rng = np.random.default_rng(seed)
    level = rng.lognormal(np.log(30), 0.3, n)
    four = level[:, None] * np.array([0.5, 0.75, 1.15, 1.5]) * rng.lognormal(0, 0.1, (n, 4))
    table = pd.DataFrame(np.sort(four.round(), axis=1), columns=list("abcd"))
    return table.assign(e=rng.integers(2, 6, n).astype(float), f=rng.integers(1, 4, n).astype(float))


def hand(times: int = 6) -> pd.DataFrame:
    return pd.DataFrame(REFERENCE["answers"] * times, columns=list("abcd"), dtype=float)


def test_the_points_equal_the_set_computed_by_hand():
    table = price_sensitivity(hand(), BOOK, rng=1).to_frame().set_index("point")
    for name, (price, share) in REFERENCE["original"].items():
        assert table.loc[name, ["price", "share"]].tolist() == [price, share]
    assert (table["ci_low"] <= table["price"]).all() and (table["price"] <= table["ci_high"]).all()


def test_respondents_whose_prices_do_not_rise_are_named_counted_and_left_out_unless_kept():
    table = hand().set_axis([f"r{number}" for number in range(24)]).rename_axis("id")
    table.loc["r5"] = [90, 20, 30, 40]
    table.loc["r7", "c"] = np.nan
    found = price_sensitivity(table, BOOK, rng=1)
    assert found.out_of_order.index.tolist() == ["r5"]
    assert found.out_of_order.loc["r5"].tolist() == [90, 20, 30, 40]
    assert (found.n_used, found.n_dropped, found.left_out) == (22, 1, True)
    kept = price_sensitivity(table, BOOK, out_of_order="keep", rng=1)
    assert (kept.n_used, kept.out_of_order.index.tolist(), kept.left_out) == (23, ["r5"], False)
    # Each says what the other finds.
    for one, other in ((found, kept), (kept, found)):
        expected = other.points.set_index("point")["price"]
        pd.testing.assert_series_equal(one.otherwise, expected, check_names=False, check_index_type=False)


def test_equal_prices_are_in_order():
    table = pd.DataFrame({name: [25.0] * 10 + [30.0] * 10 for name in "abcd"})
    assert price_sensitivity(table, BOOK, rng=1).out_of_order.empty


def test_where_nobody_finds_a_price_too_cheap_or_too_expensive_no_optimum_is_told_and_why_is():
    step = np.arange(20.0) / 10
    table = pd.DataFrame({"a": 10 + step, "b": 20 + step, "c": 30 + step, "d": 40 + step})
    row = price_sensitivity(table, BOOK, rng=1).points.set_index("point").loc["optimal"]
    assert row["reason"] == "apart" and np.isnan([row["price"], row["ci_low"], row["ci_high"]]).all()
    assert (row["from"], row["to"]) == (20.0, 31.9)


def test_curves_that_hardly_overlap_give_a_price_without_interval():
    """One of 25 finds a price too cheap that others find too expensive: a third of the resamples lack them."""
    low, high = np.repeat(10.0, 25), np.repeat(40.0, 25)
    low[0] = high[0] = 25.0
    table = pd.DataFrame({"a": low, "b": np.maximum(low, 20.0), "c": np.minimum(high, 30.0), "d": high})
    table.loc[0, ["b", "c"]] = 25.0
    row = price_sensitivity(table, BOOK, rng=1).points.set_index("point").loc["optimal"]
    assert row["reason"] == "unsteady" and row["price"] == 25.0 and np.isnan(row["ci_low"])


def test_demand_is_the_mean_of_the_chances_of_all_and_its_best_price_the_highest_revenue():
    table = hand().assign(e=5.0, f=3.0)
    found = price_sensitivity(table, BUYING, rng=1).demand
    # At 20: .7 of the first and the fourth, whose too cheap is 20 too; the second and third begin above.
    expected = {10: 0.0, 20: (0.7 + 0 + 0 + 0.7) / 4, 30: (0.3 + 0.7 + 0 + 0.3) / 4, 40: (0 + 0.3 + 0.7 + 0) / 4}
    frame = found.to_frame().set_index("price")
    for price, demand in expected.items():
        assert frame.loc[price, "demand"] == pytest.approx(demand)
    assert found.best == frame["revenue"].idxmax() == 40
    assert found.reach == 20


def test_chances_are_the_codebooks_where_it_gives_them():
    book = BUYING.edit(price={"chances": {"1": 0, "2": 0, "3": 1, "4": 1, "5": 1}})
    found = price_sensitivity(hand().assign(e=5.0, f=3.0), book, rng=1).demand.to_frame().set_index("price")
    assert found.loc[30, "demand"] == pytest.approx(0.75)
    with pytest.raises(InputError, match=r"price.chances has no chance for the answer 5"):
        price_sensitivity(hand().assign(e=5.0, f=3.0), BUYING.edit(price={"chances": {"3": 1}}), rng=1)


@given(st.integers(0, 10_000), st.floats(0.1, 50))
@settings(max_examples=15, deadline=None)
def test_prices_in_another_currency_give_the_same_in_that_currency(seed, rate):
    table = survey(40, seed)
    other = table.assign(**{name: rate * table[name] for name in "abcd"})
    one, two = (price_sensitivity(each, BUYING, bootstrap=50, rng=1) for each in (table, other))
    for name in ("price", "ci_low", "ci_high"):
        np.testing.assert_allclose(two.points[name], rate * one.points[name], rtol=1e-9)
    np.testing.assert_allclose(two.demand.table["demand"], one.demand.table["demand"], atol=1e-9)


def test_the_order_of_respondents_changes_no_point_and_the_seed_no_run():
    table = survey(60)
    found = price_sensitivity(table, BUYING, rng=7)
    pd.testing.assert_frame_equal(found.points, price_sensitivity(table, BUYING, rng=7).points)
    turned = price_sensitivity(table[::-1], BUYING, rng=7)
    np.testing.assert_allclose(turned.points["price"], found.points["price"])
    np.testing.assert_allclose(turned.demand.table["demand"], found.demand.table["demand"])


def test_without_a_bootstrap_there_are_no_intervals():
    found = price_sensitivity(survey(30), BUYING, bootstrap=0)
    assert found.points["ci_low"].isna().all() and found.points["price"].notna().all()
    assert np.isnan(found.demand.best_low)


def test_too_little_is_said_and_what_can_be_told_is_told():
    with pytest.raises(TooLittleError, match=r"marks no question on prices; it would under \[price\]"):
        price_sensitivity(hand(), Codebook.parse('groups = ["x"]'))
    with pytest.raises(TooLittleError, match="16 respondents have answers on prices that can be used; 20 are needed"):
        price_sensitivity(hand(4), BOOK)
    book = BUYING.edit(price={"ladder": {"g": 10, "h": 20}, "buys_from": 4})
    table = survey(30).assign(g=5.0, h=4.0)
    table.loc[5:, "a"] = np.nan
    found = price_sensitivity(table, book, rng=1)
    assert (len(found.points), found.ladder.n_used) == (0, 30)
    assert "5 respondents have answers on prices" in found.warnings[0]
    table = survey(30).assign(g=np.nan, h=np.nan, e=np.nan)
    found = price_sensitivity(table, book, rng=1)
    assert (len(found.points), found.ladder, found.demand) == (4, None, None)
    assert [str(text).split(" respondents")[0] for text in found.warnings] == ["0", "0"]


@pytest.mark.parametrize("wrong", [-1.0, np.inf])
def test_prices_below_zero_or_infinite_are_refused(wrong):
    table = hand()
    table.loc[0, "a"] = wrong
    with pytest.raises(InputError, match="'a' holds a price that is below zero or infinite in 1 row"):
        price_sensitivity(table, BOOK)


def test_estimates_are_the_points_and_the_best_price():
    found = price_sensitivity(survey(60), BUYING, rng=1)
    assert [one.name for one in found.estimates()] == [*(f"price/{name}" for name in ORIGINAL), "best_price"]


def test_one_price_for_several_questions_leaves_the_range_without_width():
    table = pd.DataFrame({name: [20.0] * 10 + [21.0 if name == "d" else 20.0] * 10 for name in "abcd"})
    found = price_sensitivity(table, BOOK, rng=1)
    assert str(found.warnings[0]) == "Many gave one price to several questions: the acceptable range has no width."


def people(n: int, rng: np.random.Generator, kind: str) -> np.ndarray:
    """Prices of a population: smooth, or heaped on multiples of five as people give them."""
    level = rng.lognormal(np.log(30), 0.35, n)
    gaps = rng.lognormal(np.log([0.25, 0.3, 0.3]), 0.5, (n, 3))
    cheap = level * (1 - gaps[:, 0].clip(0, 0.8))
    expensive = level * (1 + gaps[:, 1] * 0.3)
    four = np.column_stack([cheap * (1 - rng.beta(2, 4, n) * 0.8), cheap, expensive, expensive * (1 + gaps[:, 2])])
    return four if kind == "smooth" else np.round(four / 5) * 5


def true_points(kind: str) -> np.ndarray:
    answers = people(60_000 if kind == "smooth" else 400_000, np.random.default_rng(1), kind)
    prices = np.unique(answers)
    curves = curves_of(answers, np.ones((1, len(answers))), prices)
    return np.array([crossing(curves[one], curves[other], prices).prices[0] for one, other in ORIGINAL.values()])


def covered(kind: str, n: int, samples: int) -> np.ndarray:
    """How often each point's interval holds the truth, of those that are told."""
    truth, hits, told = true_points(kind), np.zeros(4), np.zeros(4)
    for sample in range(samples):
        rng = np.random.default_rng([7, n, sample])
        drawn = resampled_points(people(n, rng, kind), np.ones(n), ORIGINAL, replicates=400, rng=rng)
        shown = np.isnan(drawn).mean(axis=0) <= 0.05
        low, high = np.full((2, 4), np.nan)
        low[shown], high[shown] = np.nanquantile(drawn[:, shown], expanded_ends(np.ones(n), 0.95), axis=0)
        hits += shown & (low - 1e-9 <= truth) & (truth <= high + 1e-9)
        told += shown
    return hits / told


def test_intervals_hold_the_truth_in_a_few_surveys():
    """100 surveys of 60: Monte Carlo error .02; the slow test below tells it closely."""
    assert (covered("heaped", 60, 100) >= 0.87).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n", "samples"),
    [("smooth", 30, 1000), ("heaped", 30, 1000), ("smooth", 100, 1000), ("heaped", 100, 1000), ("heaped", 300, 1000)],
)
def test_intervals_hold_the_truth_as_often_as_they_say(kind, n, samples):
    """Monte Carlo error .007. Found: .93 to .96 for each of the four points."""
    found = covered(kind, n, samples)
    assert (found >= 0.925).all() and (found <= 0.975).all()
