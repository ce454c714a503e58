"""Columns under the names that are asked for."""

import pandas as pd

from loyalty_kit.intake.grids import tabled
from loyalty_kit.intake.header import column_names, shown
from loyalty_kit.intake.sources import Source


def test_a_name_asked_for_may_stand_twice_and_others_are_told_apart():
    assert column_names(["q1", "q1", "note", "note"], ["q1"]) == ["q1", "q1", "note#1", "note#2"]


def test_a_header_of_numbers_dates_and_truths_is_text():
    assert column_names([2024.0, pd.Timestamp("2026-03-01"), "True"], []) == ["2024", "2026-03-01", "True"]


def test_columns_shown_are_counted_once():
    assert shown(["q1", "q1", "x"], ["q1", "q2"]) == 1


def test_nothing_has_no_header():
    assert tabled(pd.DataFrame([[None, None]]), Source("The survey", "none.csv", b""), ["q1"]).frame.empty
