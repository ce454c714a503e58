"""One text of a cell, whatever type, program or person wrote it."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_kit.core.cells import as_spelled, cell_text, level_of
from loyalty_kit.core.selection import cell_texts


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1", [1, 1.0, np.float64(1), np.float32(1), np.int64(1), Decimal("1.00"), "1", "1.0", " １ "]),
        ("2.5", [2.5, np.float64(2.5), "2.5"]),
        ("-3", [-3, -3.0, "-3.0"]),
        ("TRUE", [True, np.True_, "TRUE", "true", "True"]),
        ("FALSE", [False, np.False_, "false"]),
        ("2026-03-01", [date(2026, 3, 1), datetime(2026, 3, 1), pd.Timestamp("2026-03-01"), "2026-03-01"]),
        ("2026-03-01 10:00:00", [datetime(2026, 3, 1, 10), pd.Timestamp("2026-03-01 10:00")]),
        ("007", ["007", "００７"]),
        ("north east", ["north  east", " north\u00a0east\n", "north\u3000east"]),
    ],
)
def test_a_value_has_one_text_however_it_is_stored(text, values):
    assert {cell_text(value) for value in values} == {text}
    for value in values:
        assert cell_texts(pd.Series([value], dtype=object)).tolist() == [text]
        assert cell_texts(pd.Series([value])).tolist() == [text]


@given(st.text(max_size=12))
def test_the_text_of_a_text_is_itself(text):
    assert cell_text(cell_text(text)) == cell_text(text)


@pytest.mark.parametrize("dtype", ["float64", "Int64", "boolean", "str", "category", "datetime64[ns]"])
def test_an_empty_cell_has_no_text(dtype):
    assert cell_texts(pd.Series([None], dtype=dtype)).isna().all()


@pytest.mark.parametrize("value", [True, "true", "TRUE", 1, 1.0, "1"])
def test_a_truth_value_is_found_however_it_is_spelled(value):
    assert as_spelled(value, ["FALSE", "TRUE"]) == "TRUE"
    assert as_spelled(value, ["0", "1"]) == "1"


def test_true_is_no_1_among_other_values():
    assert as_spelled("true", ["1", "2"]) == "TRUE"
    assert as_spelled(1, ["TRUE", "maybe"]) == "1"


def test_levels_are_numbers_and_texts():
    assert [level_of(value) for value in (True, 2.0, 2.5, "x", None)] == ["TRUE", 2, 2.5, "x", None]
