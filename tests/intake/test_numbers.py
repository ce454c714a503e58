"""Columns of a file as numbers, where they are."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from loyalty_kit.core.errors import InputError
from loyalty_kit.intake.numbers import distinct_cells, meaning, number_column
from loyalty_kit.intake.options import FileOptions


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
        (["95秒", "120秒"], [95, 120]),
        (["¥1,200.50", "￥80", "300元"], [1200.5, 80.0, 300.0]),
        (["45 %", "7.5%", "0"], [45.0, 7.5, 0.0]),
        (["5.0000", "4.0000"], [5.0, 4.0]),
        ([Decimal("5.0000"), Decimal("1.200")], [5.0, 1.2]),
        (["3,5", "2"], [3.5, 2.0]),
        (["1.234,50", "0,75"], [1234.5, 0.75]),
        (["1,234,567", "1,200"], [1234567, 1200]),
        (["1'200.50", "7"], [1200.5, 7.0]),
        (["1 200", "12 000 000"], [1200, 12000000]),
        (["1\u202f200,5", "3"], [1200.5, 3.0]),
        (["1,20,000", "3"], [120000, 3]),
        (["1.2万", "8500"], [12000, 8500]),
        (['="007"', "'5"], [7, 5]),
        (["−3", "٣"], [-3, 3]),
        (["USD 1,200.00", "$-5"], [1200, -5]),
        (["5 stars", "1 star"], [5, 1]),
    ],
)
def test_cells_that_are_all_numbers_or_truth_values_are_read(cells, numbers):
    found = number_column(pd.Series(cells, dtype=object))
    pd.testing.assert_series_equal(found, pd.Series(numbers))


@pytest.mark.parametrize(
    "cell",
    [
        *("x", "5²", "½", "1.2.3", "1_0", "0x3", "inf", "nan", "3 5", "2026-03-01", "(5)", "5,", "1,2,3", "12,345,67"),
        *("3 parrots", "2k", "1分35秒", pd.Timestamp("2026-03-01")),
    ],
)
def test_a_column_with_another_cell_stays_as_it_is(cell):
    column = pd.Series(["1", cell], dtype=object)
    pd.testing.assert_series_equal(number_column(column), column)


@pytest.mark.parametrize(
    "cells", [["95 s", "2 min"], ["45 %", "0.45"], ["¥30", "$5"], ["3 kg", "200 g"], ["1.2 h", "40"], ["10kr", "3 €"]]
)
def test_numbers_of_several_units_are_no_numbers_of_one_column(cells):
    column = pd.Series(cells)
    pd.testing.assert_series_equal(number_column(column), column)


@pytest.mark.parametrize("cells", [["1.200", "2.400"], ["1,200", "850"], ["-1.200", None], ["1.200", "3,5", "2.5"]])
def test_a_number_that_may_be_another_is_refused_with_the_line_that_decides(cells):
    column = pd.Series(cells, name="spend", dtype=object)
    with pytest.raises(InputError) as error:
        number_column(column, asked="The log")
    value = cells[0]
    one, other = ("-1200", "-1.2") if value[0] == "-" else ("1200", "1.2")
    assert str(error.value) == (
        f"The log holds '{value}' in column 'spend', and that is {other} or {one}; "
        'say which with [file] decimal = "." or [file] decimal = ",".'
    )
    pd.testing.assert_series_equal(number_column(column), column)


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"decimal": "."}, [1.2, 2.4]),
        ({"decimal": ","}, [1200, 2400]),
        ({"thousands": "."}, [1200, 2400]),
        ({"thousands": ","}, [1.2, 2.4]),
        ({"decimal": ".", "thousands": " "}, [1.2, 2.4]),
    ],
)
def test_the_options_of_a_file_decide(options, numbers):
    found = number_column(pd.Series(["1.200", "2.400"]), FileOptions(**options), asked="The log")
    assert found.tolist() == numbers


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1.200", "0.850"], [1.2, 0.85]),
        (["1.200", "2.5"], [1.2, 2.5]),
        (["1.200", "3,5"], [1200.0, 3.5]),
        (["1,200", "1,200.50"], [1200.0, 1200.5]),
        (["1,200", "0,850"], [1.2, 0.85]),
        (["1.200", "1.234.567"], [1200.0, 1234567.0]),
        (["1.200", "1234.567"], [1.2, 1234.567]),
    ],
)
def test_one_cell_of_one_reading_decides_for_its_column(cells, numbers):
    """JASP 4322 and 3608: 1,286 beside 0,435 is no number above a thousand."""
    assert number_column(pd.Series(cells), asked="The log").tolist() == numbers


def test_what_a_column_cannot_hold_after_the_options_stays_text():
    assert number_column(pd.Series(["3.5", "2"]), FileOptions(decimal=",")).tolist() == ["3.5", "2"]
    assert number_column(pd.Series(["1'200"]), FileOptions(thousands=".")).tolist() == ["1'200"]


@pytest.mark.parametrize(
    ("cells", "truths"),
    [
        (["Ja", "nein"], [True, False]),
        (["是", "否"], [True, False]),
        (["0.0", "TRUE"], [False, True]),
        (["yes", "0"], [True, False]),
        (["J", "N", "n"], [True, False, False]),
        (["FALSE", "否"], [False, False]),
        ([True, "NO"], [True, False]),
    ],
)
def test_truth_values_are_read_in_any_spelling(cells, truths):
    assert number_column(pd.Series(cells, dtype=object)).tolist() == truths


@pytest.mark.parametrize("cells", [["NO", "SE"], ["no"], ["Y"], ["yes", "2"], ["ja", "maybe"]])
def test_words_that_may_mean_something_else_are_no_truth_values(cells):
    assert number_column(pd.Series(cells)).tolist() == cells


def test_zeros_and_ones_alone_are_numbers():
    assert number_column(pd.Series(["0.0", "1.0"])).tolist() == [0.0, 1.0]


def test_a_code_in_a_codebook_is_a_number_only_where_it_is_plain():
    assert [meaning(text) for text in ("3.5", "1.200", "3,5", "45 %", "")] == [3.5, 1.2, "3,5", "45 %", None]


def test_distinct_cells_keep_texts_as_they_are_written_apart_from_numbers():
    codes, cells = distinct_cells(pd.Series(["1.200", 1.2, "1.200", None], dtype=object))
    assert [cells[code] for code in codes] == ["1.200", 1.2, "1.200", ""]


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "datetime64[ns]", "category"])
def test_a_column_of_a_type_of_its_own_is_left_alone(dtype):
    column = pd.Series([0, 1]).astype(dtype)
    assert number_column(column) is column
