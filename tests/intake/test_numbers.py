"""Columns of a file as numbers, where they are."""

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.intake.numbers import meaning, number_column


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "2"], [1, 2]),
        (["1", None], [1.0, np.nan]),
        (["1", " "], [1.0, np.nan]),
        (["+1", "-2.", ".5", "1e3"], [1.0, -2.0, 0.5, 1000.0]),
        (["1e999", "1"], [np.inf, 1.0]),
        (["１２", " 3"], [12, 3]),
        ([1, 2.5, "3", None], [1.0, 2.5, 3.0, np.nan]),
        ([True, "false"], [True, False]),
        (["TRUE", None], [1.0, np.nan]),
        ([None, None], [np.nan, np.nan]),
    ],
)
def test_cells_that_are_all_numbers_or_truth_values_are_read(cells, numbers):
    found = number_column(pd.Series(cells, dtype=object))
    pd.testing.assert_series_equal(found, pd.Series(numbers))


@pytest.mark.parametrize(
    "cell", ["x", "3,5", "1_0", "0x3", "inf", "nan", "3 5", "2026-03-01", pd.Timestamp("2026-03-01")]
)
def test_a_column_with_another_cell_stays_as_it_is(cell):
    column = pd.Series(["1", cell], dtype=object)
    pd.testing.assert_series_equal(number_column(column), column)


def test_a_decimal_comma_is_read_where_the_file_has_it():
    assert number_column(pd.Series(["3,5", "2"]), decimal_comma=True).tolist() == [3.5, 2.0]
    assert meaning("3,5", decimal_comma=True) == 3.5


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "datetime64[ns]", "category"])
def test_a_column_of_a_type_of_its_own_is_left_alone(dtype):
    column = pd.Series([0, 1]).astype(dtype)
    assert number_column(column) is column
