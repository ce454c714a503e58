"""The item table: any frame read, impossible items refused by name, resamples."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from loyalty_kit.core.errors import InputError
from loyalty_kit.measurement.correlations.items import correlations, numeric_frame, read_items, resampled


def items(**columns):
    return pd.DataFrame({"A1": [1.0, 2.0, 3.0], "A2": [3.0, 1.0, 2.0]} | columns)


def test_a_weight_column_is_no_item_and_respondents_of_weight_zero_are_left_out():
    table = read_items(items(w=[1.0, 0.0, 2.0]), weight="w")
    assert table.names == ("A1", "A2")
    assert table.weights.tolist() == [1.0, 2.0]


def test_nullable_and_boolean_answers_become_floats_and_infinity_is_missing():
    frame = items(A3=pd.array([1, None, 3], dtype="Int64"), A4=[True, False, True], A5=[1.0, np.inf, 2.0])
    values = numeric_frame(frame).to_numpy()
    assert np.isnan(values[1, [2, 4]]).all()
    assert values[:, 3].tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (items(满意=[np.nan] * 3), "Item '满意' holds no answer"),
        (items(A3=[4, 4, 4]), "Item 'A3' holds the same answer in every row"),
        (items(A3=[0.1, 0.1, np.nan], A4=[7, 7, 7]), "Items 'A3', 'A4' hold the same answer in every row"),
        (items(A3=["a", "b", "c"]), "Column 'A3' must be numeric"),
        (items()[["A1"]], "At least two items are needed; got 'A1'."),
        (pd.concat([items(), items()[["A1"]]], axis=1), "The table of items holds 'A1' twice."),
        ([[1, 2], [3, 4]], "Items must be a data frame, respondents × items; got list."),
    ],
)
def test_impossible_items_get_one_sentence(frame, sentence):
    with pytest.raises(InputError) as caught:
        read_items(frame)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [("wt", "The table of items lacks the column 'wt'"), ([1.0, 2.0], "'weight' must hold one number a row (3)")],
)
def test_a_weight_that_does_not_fit_gets_one_sentence(weight, sentence):
    with pytest.raises(InputError) as caught:
        read_items(items(), weight=weight)
    assert str(caught.value).startswith(sentence)


def test_no_complete_respondent_gets_one_sentence():
    with pytest.raises(InputError, match="No respondent answers every one of the items 'A1', 'A2'."):
        read_items(pd.DataFrame({"A1": [1, 2, np.nan, np.nan], "A2": [np.nan, np.nan, 1, 2]})).complete()


def test_weighted_correlations_equal_those_of_repeated_rows():
    rng = np.random.default_rng(3)
    values, weights = rng.normal(size=(30, 4)), rng.integers(1, 4, 30)
    assert_allclose(correlations(values, weights), np.corrcoef(np.repeat(values, weights, axis=0).T), atol=1e-12)


def test_resamples_in_which_an_item_never_varies_are_left_out():
    rare = pd.DataFrame({"A1": [1, 1, 1, 1, 1, 2], "A2": [1, 2, 3, 4, 5, 6]})
    matrices = resampled(read_items(rare), 200, np.random.default_rng(0))
    assert 100 < len(matrices) < 200
    assert np.isfinite(matrices).all()
