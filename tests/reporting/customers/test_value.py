"""What report 60 says: each way a forecast can have gone, who leaves, and why not where a log cannot carry it."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_kit as lk

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))

from shops import orders


def read(rows: pd.DataFrame) -> lk.Transactions:
    return lk.read_transactions(rows, customer="who", time="when", amount="paid")


@pytest.fixture(scope="module")
def growing():
    return lk.customer_value(read(orders("grows", 1_000, 65, 0, np.random.default_rng(3))[0]), horizon=13, currency="€")


@pytest.fixture(scope="module")
def steady():
    return read(orders("steady", 1_200, 80, 0, np.random.default_rng(2))[0])


@pytest.fixture(scope="module")
def came_true(steady):
    return lk.customer_value(steady, horizon=13, margin=0.4)


@pytest.fixture(scope="module")
def churned(steady):
    return lk.churn(steady, at="2026-04-15", horizon=56)


@pytest.fixture(params=["en", "zh"])
def language(request):
    lk.speak(request.param)
    yield request.param
    lk.speak("en")


def test_a_forecast_that_came_true_says_so_first(came_true, churned):
    told = lk.describe(came_true, churned=churned, kept=churned.keeping(margin=0.4))
    assert came_true.verdict == "right"
    assert [sentence.tone for sentence in told] == ["answer"] * 3
    assert "are expected to earn" in told[0] and "as margin" in told[0]
    assert told[1].startswith("Such forecasts have come true so far")
    assert "are expected to buy nothing in 56 days; keeping one customer in a hundred more would bring" in told[2]


def test_one_that_was_off_says_by_what_and_to_plan_with_the_lower_end(growing):
    told = lk.describe(growing)
    assert growing.verdict == "corrected" and "€" in told[0]
    last = growing.past.iloc[-1]
    assert f"{last['predicted']:,.0f} purchases were forecast and {last['actual']:,} came" in told[1]
    assert "plan with its lower end" in told[1]
    assert lk.tiles(growing)[1].verdict == "off; corrected by it"


def test_tiles_are_the_money_and_how_right_the_last_forecast_was(came_true, churned):
    tiles = lk.tiles(came_true, churned.keeping(margin=0.4))
    assert [tile.heading for tile in tiles] == [
        "Margin of today's customers in 13 weeks",
        "Forecast ÷ actual, last 13 weeks",
        "Expected to buy nothing in 56 days",
        "Keeping one customer in a hundred more would bring",
    ]
    assert tiles[0].name == "margin" and tiles[1].tone == "good"


def test_the_picture_has_a_row_a_cut_and_one_for_today(growing):
    axes = lk.plot(growing)
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert len(names) == len(growing.past) + 1 and names[0] == "from today"


def test_every_view_speaks_both_languages(language, came_true, churned, steady):
    life = lk.lifecycle(steady, period=91, costs=900.0)
    plan = churned.contact(20.0, 1.0, 0.1)
    cost = lk.allowable_cost(came_true, cost=9.0)
    told = " ".join(
        str(passage)
        for passage in (
            lk.describe(came_true),
            lk.describe(came_true, "rolling"),
            lk.describe(came_true, "dropout"),
            lk.describe(churned),
            lk.describe(churned.lapsed()),
            lk.describe(plan, currency="€"),
            lk.describe(lk.time_to_next(steady)),
            lk.describe(life),
            lk.describe(cost, currency="€"),
        )
    )
    assert ("。" in told) == (language == "zh")
    for view in (
        lk.table(came_true, "rolling"),
        lk.table(came_true, "models"),
        lk.table(came_true, "parts", part="cohort"),
        lk.table(churned),
        lk.table(life),
        lk.table(life, "metrics"),
    ):
        assert "nan" not in view.as_raw_html().lower().replace("finance", "")
    assert lk.plot(churned) is not None and lk.plot(life) is not None


def test_a_log_that_cannot_carry_a_forecast_says_why():
    once = pd.DataFrame({"who": range(300), "when": pd.Timestamp("2026-01-01"), "paid": 9.0})
    why = lk.attempt(lk.customer_value, read(once), horizon=13)
    told = lk.describe(why)
    assert told[0].tone == "left_out" and "No customer bought on two days" in told[0]
    assert lk.plot(why) is None and lk.table(why) is None and not lk.tiles(why)


def test_contacts_that_may_lose_are_to_be_tested_first(churned):
    plan = churned.contact(20.0, 0.4, (0.05, 0.001, 0.099))
    assert "may bring" in lk.describe(plan)[0] and "Test before rolling out" in lk.describe(plan)[0]
    none = churned.contact(20.0, 500.0, 0.05)
    assert "none pays" in lk.describe(none)[0]
