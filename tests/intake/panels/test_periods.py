"""Periods come in the order of time, whatever they are called."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.campaigns.campaign import Campaign
from loyalty_kit.campaigns.design.metrics import Rate
from loyalty_kit.core.errors import InputError
from loyalty_kit.intake.panels.periods import periods_of

DAYS = pd.date_range("2024-01-26", periods=12)
ORDERED = {
    "numbered weeks": [f"W{i}" for i in range(1, 13)],
    "years and quarters": ["Q3 2023", "Q4 2023", "Q1 2024", "Q2 2024"],
    "ISO weeks": ["2023-W9", "2023-W51", "2024-W2", "2024-W10"],
    "days first": list(DAYS.strftime("%d/%m/%Y")),
    "months first": list(DAYS.strftime("%m/%d/%Y")),
    "ISO dates": list(DAYS.strftime("%Y-%m-%d")),
    "months": ["Jan", "Feb", "Mar", "Apr"],
    "a winter": ["November", "December", "January"],
    "months of years": ["Dec 2023", "Jan 2024", "Nov 2024"],
    "Chinese months": ["1月", "2月", "10月"],
    "numbers": [1, 2, 10],
    "timestamps": list(DAYS),
}


@pytest.mark.parametrize("labels", ORDERED.values(), ids=ORDERED.keys())
def test_periods_come_in_the_order_of_time(labels):
    mixed = pd.Series(labels, dtype=object).sample(frac=3, replace=True, random_state=1)
    mixed = pd.concat([mixed, pd.Series(labels[::-1], dtype=object)])
    assert periods_of(mixed, "week").labels == labels


def test_an_ordered_category_keeps_its_order():
    column = pd.Series(pd.Categorical(["late", "early"], categories=["early", "late"], ordered=True))
    assert periods_of(column, "phase").labels == ["early", "late"]


@pytest.mark.parametrize("labels", [["early", "late"], ["03/04/2024", "05/06/2024"]], ids=["names", "day or month"])
def test_what_has_no_order_is_refused_with_a_sentence(labels):
    with pytest.raises(InputError, match="cannot be told|can be told"):
        periods_of(pd.Series(labels), "phase")


def test_gaps_are_said():
    notes = periods_of(pd.Series([1, 2, 3, 7]), "week").notes
    assert notes == ("'week' has 1 gaps in which nobody entered; the longest is between 3 and 7.",)


@pytest.mark.parametrize(("seconds", "most"), [(3_600, 2), (10**6, 13), (10**8, 100)])
def test_many_times_are_binned(seconds, most):
    stamps = pd.Timestamp("2024-01-25") + pd.to_timedelta(np.linspace(0, seconds, 6_000).astype(int), unit="s")
    found = periods_of(pd.Series(stamps), "entered")
    assert 1 <= len(found.labels) <= most
    assert "are read by" in found.notes[0]


def test_customers_without_a_period_are_said_and_nobody_raises():
    rng = np.random.default_rng(0)
    week = pd.Series(pd.Timestamp("2024-01-25") + pd.to_timedelta(rng.integers(0, 10**6, 800), unit="s"))
    data = pd.DataFrame({"arm": np.tile(["none", "mail"], 400), "y": rng.integers(0, 2, 800), "p": week})
    data.loc[:4, "p"] = pd.NaT
    course = Campaign(data, arm="arm", control="none", period="p").course([Rate("y")])
    assert course.table["period"].nunique() == 12
    assert any("5 customers have no 'p'" in note for note in course.warnings)
